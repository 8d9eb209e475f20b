//! Decodes the binary frames of `/live` and of `/spectra/waterfall` ("PSF1", little endian, 72-byte header).
//! Levels stay the bytes they came as; `levelOf` turns one into dBFS. Byte 0 means "not observed", never "silent".

/** Header fields that both kinds of frame share. */
export interface FrameHeader {
  /** Running number on the server. */
  sequence: number;
  /** Start of the observed time, Unix seconds. */
  startS: number;
  /** Observed time in seconds. */
  durationS: number;
  /** Index into the receivers of the last `hello`. */
  receiver: number;
  /** Lower edge of bin 0, hertz. */
  lowHz: number;
  /** Upper edge of the last bin, hertz. */
  highHz: number;
  /** Bins in a row. */
  bins: number;
  /** Level of byte 0, dBFS (that byte itself is reserved for "not observed"). */
  offsetDb: number;
  /** Decibels a byte step. */
  stepDb: number;
  /** Median noise floor per bin, dBFS. */
  floorDbfs: number;
  /** Whether a floor could be seen at all (a span full from edge to edge has none). */
  floorObserved: boolean;
  /** Equivalent noise bandwidth of the window, bins. */
  enbwBins: number;
}

/** One averaged spectrum. */
export interface SpectrumFrame extends FrameHeader {
  kind: "spectrum";
  mean: Uint8Array;
  max: Uint8Array;
  floor: Uint8Array;
}

/** Rows of a waterfall, oldest first. */
export interface WaterfallFrame extends FrameHeader {
  kind: "waterfall";
  rows: { startS: number; max: Uint8Array }[];
}

export type Frame = SpectrumFrame | WaterfallFrame;

const MAGIC = 0x31465350; // "PSF1" read as a little-endian u32
const HEADER_BYTES = 72;
const MAX_BINS = 1 << 20;

/** A frame that breaks the format; the text says what was expected and what came. */
export class FrameError extends Error {}

/** Reads one frame. The row arrays are views into `buffer`: no copy is made. */
export function decodeFrame(buffer: ArrayBuffer): Frame {
  if (buffer.byteLength < HEADER_BYTES) {
    throw new FrameError(`frame of ${buffer.byteLength} bytes: the header alone has ${HEADER_BYTES}`);
  }
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new FrameError("not a PSF1 frame");
  const headerBytes = view.getUint16(4, true);
  if (headerBytes < HEADER_BYTES) throw new FrameError(`header length ${headerBytes}, at least ${HEADER_BYTES} expected`);
  const header = readHeader(view);
  if (header.bins === 0 || header.bins > MAX_BINS) throw new FrameError(`${header.bins} bins`);
  if (header.highHz <= header.lowHz) throw new FrameError(`band ${header.lowHz}..${header.highHz} Hz is empty`);
  const kind = view.getUint8(6);
  if (kind === 1) return readSpectrum(buffer, headerBytes, header);
  if (kind === 2) return readWaterfall(buffer, headerBytes, header, view.getUint32(52, true));
  throw new FrameError(`frame kind ${kind} is unknown`);
}

function readHeader(view: DataView): FrameHeader {
  return {
    sequence: Number(view.getBigUint64(8, true)),
    startS: view.getFloat64(16, true),
    durationS: view.getFloat32(24, true),
    receiver: view.getUint32(28, true),
    lowHz: Number(view.getBigInt64(32, true)),
    highHz: Number(view.getBigInt64(40, true)),
    bins: view.getUint32(48, true),
    offsetDb: view.getFloat32(56, true),
    stepDb: view.getFloat32(60, true),
    floorDbfs: view.getFloat32(64, true),
    floorObserved: (view.getUint8(7) & 1) !== 0,
    enbwBins: view.getFloat32(68, true),
  };
}

function readSpectrum(buffer: ArrayBuffer, at: number, header: FrameHeader): SpectrumFrame {
  const { bins } = header;
  expectBytes(buffer, at + 3 * bins);
  return {
    kind: "spectrum",
    ...header,
    mean: new Uint8Array(buffer, at, bins),
    max: new Uint8Array(buffer, at + bins, bins),
    floor: new Uint8Array(buffer, at + 2 * bins, bins),
  };
}

function readWaterfall(buffer: ArrayBuffer, at: number, header: FrameHeader, count: number): WaterfallFrame {
  const { bins } = header;
  expectBytes(buffer, at + count * (8 + bins));
  const view = new DataView(buffer);
  const rows = Array.from({ length: count }, (_, row) => {
    const start = at + row * (8 + bins);
    return { startS: view.getFloat64(start, true), max: new Uint8Array(buffer, start + 8, bins) };
  });
  return { kind: "waterfall", ...header, rows };
}

function expectBytes(buffer: ArrayBuffer, needed: number): void {
  if (buffer.byteLength < needed) throw new FrameError(`frame of ${buffer.byteLength} bytes, ${needed} needed`);
}

/** The level of a byte in dBFS, or nothing when that bin was not observed. */
export function levelOf(header: Pick<FrameHeader, "offsetDb" | "stepDb">, byte: number): number | null {
  return byte === 0 ? null : header.offsetDb + header.stepDb * byte;
}
