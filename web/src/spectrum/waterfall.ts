//! Draws a `WaterfallRing`: WebGL2 where there is one, otherwise the same picture through a 2D canvas.
//! Every pixel column shows its strongest bin; time that was not observed is hatched, never coloured as quiet.

import type { Span } from "./axis";
import { colourTable, type ColourMap } from "./colour";
import { RING_OFFSET_DB, RING_STEP_DB, type WaterfallRing } from "./history";

/** What one picture shows. */
export interface WaterfallView {
  view: Span;
  /** Row number at the upper edge. */
  topRow: number;
  /** Rows from the upper to the lower edge. */
  rows: number;
  lowDb: number;
  highDb: number;
}

export interface WaterfallRenderer {
  readonly kind: "webgl2" | "2d";
  setColours(map: ColourMap, light: boolean): void;
  draw(ring: WaterfallRing, view: WaterfallView): void;
  dispose(): void;
}

/** The best renderer this browser has. `lost` is called when the graphics context goes away and later comes back. */
export function createRenderer(canvas: HTMLCanvasElement, lost: () => void): WaterfallRenderer {
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, preserveDrawingBuffer: true });
  if (!gl) return new CanvasRenderer(canvas);
  canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
  canvas.addEventListener("webglcontextrestored", lost);
  return new GlRenderer(gl);
}

const VERTEX = `#version 300 es
const vec2 corners[3] = vec2[3](vec2(-1.0, -1.0), vec2(3.0, -1.0), vec2(-1.0, 3.0));
out vec2 place;
void main() {
  vec2 corner = corners[gl_VertexID];
  place = vec2((corner.x + 1.0) * 0.5, (1.0 - corner.y) * 0.5);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
uniform sampler2D levels;
uniform sampler2D seen;
uniform sampler2D colours;
uniform ivec2 size;
uniform int topSlot;
uniform float rows;
uniform vec2 columns;
uniform float footprint;
uniform vec2 range;
uniform vec3 hatch[2];
uniform float ratio;
in vec2 place;
out vec4 colour;
vec3 unobserved() {
  float band = mod(floor((gl_FragCoord.x + gl_FragCoord.y) / (5.0 * ratio)), 2.0);
  return band < 0.5 ? hatch[0] : hatch[1];
}
void main() {
  int back = int(floor(place.y * rows));
  if (back >= size.y) { colour = vec4(unobserved(), 1.0); return; }
  int slot = topSlot - back;
  slot = slot - int(floor(float(slot) / float(size.y))) * size.y;
  float from = columns.x + place.x * columns.y - 0.5 * footprint;
  int first = int(floor(from));
  int last = max(first, int(ceil(from + footprint)) - 1);
  int step = max(1, (last - first + 1) / 24);
  float best = 0.0;
  if (texelFetch(seen, ivec2(slot, 0), 0).r > 0.5) {
    for (int n = 0; n < 26; n += 1) {
      int column = first + n * step;
      if (column > last) break;
      if (column >= 0 && column < size.x) best = max(best, texelFetch(levels, ivec2(column, slot), 0).r);
    }
  }
  if (best == 0.0) { colour = vec4(unobserved(), 1.0); return; }
  float at = clamp((best * 255.0 - range.x) / max(range.y - range.x, 0.001), 0.0, 1.0);
  colour = vec4(texture(colours, vec2((at * 255.0 + 0.5) / 256.0, 0.5)).rgb, 1.0);
}`;

const HATCH: Record<"dark" | "light", [number, number, number][]> = {
  dark: [
    [0.085, 0.1, 0.12],
    [0.115, 0.133, 0.157],
  ],
  light: [
    [0.85, 0.87, 0.89],
    [0.8, 0.82, 0.85],
  ],
};

class GlRenderer implements WaterfallRenderer {
  readonly kind = "webgl2";
  private program: WebGLProgram;
  private levels: WebGLTexture;
  private seen: WebGLTexture;
  private colours: WebGLTexture;
  private uploaded: WaterfallRing | null = null;
  private light = false;
  private uniforms = new Map<string, WebGLUniformLocation | null>();

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.program = link(gl);
    this.levels = texture(gl, gl.NEAREST);
    this.seen = texture(gl, gl.NEAREST);
    this.colours = texture(gl, gl.LINEAR);
    gl.bindVertexArray(gl.createVertexArray());
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  setColours(map: ColourMap, light: boolean): void {
    const { gl } = this;
    this.light = light;
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colourTable(map));
  }

  draw(ring: WaterfallRing, view: WaterfallView): void {
    const { gl } = this;
    if (gl.isContextLost()) return;
    this.upload(ring, view);
    const { width, height } = gl.canvas;
    gl.viewport(0, 0, width, height);
    gl.useProgram(this.program);
    [this.levels, this.seen, this.colours].forEach((item, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, item);
    });
    const perColumn = (ring.domain.high - ring.domain.low) / ring.columns;
    const span = (view.view.high - view.view.low) / perColumn;
    gl.uniform1i(this.at("levels"), 0);
    gl.uniform1i(this.at("seen"), 1);
    gl.uniform1i(this.at("colours"), 2);
    gl.uniform2i(this.at("size"), ring.columns, ring.rows);
    gl.uniform1i(this.at("topSlot"), slotOf(ring, view.topRow));
    gl.uniform1f(this.at("rows"), view.rows);
    gl.uniform2f(this.at("columns"), (view.view.low - ring.domain.low) / perColumn, span);
    gl.uniform1f(this.at("footprint"), span / width);
    gl.uniform2f(this.at("range"), toByte(view.lowDb), toByte(view.highDb));
    gl.uniform3fv(this.at("hatch"), HATCH[this.light ? "light" : "dark"].flat());
    gl.uniform1f(this.at("ratio"), globalThis.devicePixelRatio || 1);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  dispose(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private upload(ring: WaterfallRing, view: WaterfallView): void {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.levels);
    if (this.uploaded !== ring) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, ring.columns, ring.rows, 0, gl.RED, gl.UNSIGNED_BYTE, ring.data);
      this.uploaded = ring;
    } else {
      for (const slot of ring.dirty) {
        const row = ring.data.subarray(slot * ring.columns, (slot + 1) * ring.columns);
        gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, slot, ring.columns, 1, gl.RED, gl.UNSIGNED_BYTE, row);
      }
    }
    ring.dirty.clear();
    gl.bindTexture(gl.TEXTURE_2D, this.seen);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, ring.rows, 1, 0, gl.RED, gl.UNSIGNED_BYTE, seenRows(ring, view.topRow));
  }

  private at(name: string): WebGLUniformLocation | null {
    if (!this.uniforms.has(name)) this.uniforms.set(name, this.gl.getUniformLocation(this.program, name));
    return this.uniforms.get(name) ?? null;
  }
}

/** The same picture, pixel by pixel, for browsers and virtual machines without WebGL2. */
class CanvasRenderer implements WaterfallRenderer {
  readonly kind = "2d";
  private table = new Uint32Array(256);
  private hatch: [number, number] = [0, 0];
  private readonly context: CanvasRenderingContext2D | null;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.context = canvas.getContext("2d", { alpha: false });
  }

  setColours(map: ColourMap, light: boolean): void {
    this.table = new Uint32Array(Uint8Array.from(colourTable(map)).buffer);
    const pack = (rgb: number[]) => {
      const [r, g, b] = rgb.map((c) => Math.round(c * 255));
      return ((255 << 24) | ((b ?? 0) << 16) | ((g ?? 0) << 8) | (r ?? 0)) >>> 0;
    };
    const pair = HATCH[light ? "light" : "dark"];
    this.hatch = [pack(pair[0] ?? []), pack(pair[1] ?? [])];
  }

  draw(ring: WaterfallRing, view: WaterfallView): void {
    ring.dirty.clear();
    const { width, height } = this.canvas;
    if (!this.context || width === 0 || height === 0) return;
    const image = this.context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const seen = seenRows(ring, view.topRow);
    const perColumn = (ring.domain.high - ring.domain.low) / ring.columns;
    const left = (view.view.low - ring.domain.low) / perColumn;
    const span = (view.view.high - view.view.low) / perColumn / width;
    const [low, high] = [toByte(view.lowDb), toByte(view.highDb)];
    for (let y = 0; y < height; y += 1) {
      const back = Math.floor((y / height) * view.rows);
      const slot = slotOf(ring, view.topRow - back);
      const known = back < ring.rows && seen[slot] === 255;
      for (let x = 0; x < width; x += 1) {
        const best = known ? strongest(ring, slot, left + x * span, span) : 0;
        const at = Math.min(255, Math.max(0, Math.round(((best - low) / (high - low)) * 255)));
        const bar = Math.floor((x + y) / 5) % 2 === 0 ? 0 : 1;
        pixels[y * width + x] = best === 0 ? this.hatch[bar] : (this.table[at] ?? 0);
      }
    }
    this.context.putImageData(image, 0, 0);
  }

  dispose(): void {}
}

function strongest(ring: WaterfallRing, slot: number, from: number, footprint: number): number {
  const first = Math.max(0, Math.floor(from));
  const last = Math.min(ring.columns - 1, Math.max(first, Math.ceil(from + footprint) - 1));
  let best = 0;
  for (let column = first; column <= last; column += 1) best = Math.max(best, ring.data[slot * ring.columns + column] ?? 0);
  return best;
}

/** 255 for each slot whose row belongs to the picture that has `topRow` at its upper edge. */
function seenRows(ring: WaterfallRing, topRow: number): Uint8Array {
  const seen = new Uint8Array(ring.rows);
  for (let slot = 0; slot < ring.rows; slot += 1) {
    const row = ring.number[slot] ?? -1;
    if (row >= 0 && row <= topRow && row > topRow - ring.rows) seen[slot] = 255;
  }
  return seen;
}

function slotOf(ring: WaterfallRing, row: number): number {
  return ((row % ring.rows) + ring.rows) % ring.rows;
}

function toByte(db: number): number {
  return (db - RING_OFFSET_DB) / RING_STEP_DB;
}

function texture(gl: WebGL2RenderingContext, filter: number): WebGLTexture {
  const made = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, made);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return made;
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error("WebGL2 shader could not be made");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(`waterfall shader: ${gl.getShaderInfoLog(shader) ?? "no log"}`);
    }
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`waterfall shader: ${gl.getProgramInfoLog(program) ?? "no log"}`);
  }
  return program;
}
