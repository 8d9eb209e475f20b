//! Builds PSF1 frames byte by byte from the format's description, independently of the decoder under test.

export interface Parts {
  kind?: number;
  flags?: number;
  sequence?: bigint;
  startS?: number;
  durationS?: number;
  receiver?: number;
  lowHz?: bigint;
  highHz?: bigint;
  bins?: number;
  rows?: number;
  offsetDb?: number;
  stepDb?: number;
  floorDbfs?: number;
  enbwBins?: number;
  body?: Uint8Array;
}

export function frameBytes(parts: Parts): ArrayBuffer {
  const bins = parts.bins ?? 4;
  const body = parts.body ?? new Uint8Array(3 * bins).fill(100);
  const buffer = new ArrayBuffer(72 + body.length);
  const view = new DataView(buffer);
  [0x50, 0x53, 0x46, 0x31].forEach((byte, at) => view.setUint8(at, byte));
  view.setUint16(4, 72, true);
  view.setUint8(6, parts.kind ?? 1);
  view.setUint8(7, parts.flags ?? 1);
  view.setBigUint64(8, parts.sequence ?? 7n, true);
  view.setFloat64(16, parts.startS ?? 1_000, true);
  view.setFloat32(24, parts.durationS ?? 0.05, true);
  view.setUint32(28, parts.receiver ?? 0, true);
  view.setBigInt64(32, parts.lowHz ?? 100_000_000n, true);
  view.setBigInt64(40, parts.highHz ?? 100_004_000n, true);
  view.setUint32(48, bins, true);
  view.setUint32(52, parts.rows ?? 1, true);
  view.setFloat32(56, parts.offsetDb ?? -140, true);
  view.setFloat32(60, parts.stepDb ?? 0.5, true);
  view.setFloat32(64, parts.floorDbfs ?? -98, true);
  view.setFloat32(68, parts.enbwBins ?? 1.5, true);
  new Uint8Array(buffer).set(body, 72);
  return buffer;
}
