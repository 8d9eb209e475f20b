//! The keys of the plots. The help page lists what stands here.

export type Command =
  | "left"
  | "right"
  | "pageLeft"
  | "pageRight"
  | "zoomIn"
  | "zoomOut"
  | "reset"
  | "previous"
  | "next"
  | "pause"
  | "clearHold"
  | "deselect";

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["ArrowLeft", "left"],
  ["ArrowRight", "right"],
  ["PageUp", "pageLeft"],
  ["PageDown", "pageRight"],
  ["+", "zoomIn"],
  ["=", "zoomIn"],
  ["-", "zoomOut"],
  ["Home", "reset"],
  ["0", "reset"],
  ["[", "previous"],
  ["]", "next"],
  [" ", "pause"],
  ["c", "clearHold"],
  ["Escape", "deselect"],
]);

/** The command of a key press; chords belong to the browser. */
export function commandOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  return COMMANDS.get(event.key) ?? null;
}
