//! Colour maps of the waterfall: a few anchor colours each, blended in OKLab so that equal steps look equal.
//! Lightness rises from weak to strong in all but `turbo`, which trades that for more distinguishable levels.

export const COLOUR_MAPS = ["abyss", "turbo", "viridis", "grey"] as const;
export type ColourMap = (typeof COLOUR_MAPS)[number];

const ANCHORS: Record<ColourMap, string[]> = {
  abyss: ["#050a14", "#0a1a38", "#0d3566", "#0b5f8f", "#1290a0", "#35bd96", "#9fdc7a", "#f4ec8a", "#fffbe6"],
  turbo: ["#23171b", "#4a58dd", "#2f9df5", "#27d7c4", "#4df884", "#95fb51", "#dedd32", "#ffa423", "#f65f18", "#ba2208", "#900c00"],
  viridis: ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725"],
  grey: ["#070707", "#fafafa"],
};

/** 256 RGBA colours of a map. */
export function colourTable(map: ColourMap): Uint8Array {
  const anchors = ANCHORS[map].map((hex) => toOklab(parseHex(hex)));
  const table = new Uint8Array(256 * 4);
  for (let i = 0; i < 256; i += 1) {
    const position = (i / 255) * (anchors.length - 1);
    const at = Math.min(Math.floor(position), anchors.length - 2);
    const from = anchors[at] ?? [0, 0, 0];
    const to = anchors[at + 1] ?? from;
    const rgb = fromOklab(mix(from, to, position - at));
    table.set([...rgb, 255], i * 4);
  }
  return table;
}

type Triple = [number, number, number];

function parseHex(hex: string): Triple {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

function mix(a: Triple, b: Triple, t: number): Triple {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

const decode = (c: number) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const encode = (c: number) => (c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055);

/** sRGB bytes to OKLab (Ottosson 2020). */
function toOklab([r8, g8, b8]: Triple): Triple {
  const [r, g, b] = [decode(r8 / 255), decode(g8 / 255), decode(b8 / 255)];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([lightness, a, b]: Triple): Triple {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const byte = (c: number) => Math.round(255 * encode(Math.min(1, Math.max(0, c))));
  return [
    byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    byte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}
