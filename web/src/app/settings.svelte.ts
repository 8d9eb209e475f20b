//! What this browser remembers: language, theme, time zone, and how the plots look. Nothing secret, nothing shared.

import { COLOUR_MAPS, type ColourMap } from "../spectrum/colour";
import type { Lang } from "../format/quantity";
import type { Zone } from "../format/time";

export type Theme = "dark" | "light";

interface Stored {
  lang: Lang;
  theme: Theme;
  zone: Zone;
  colours: ColourMap;
  averages: number;
  markers: boolean;
  hold: boolean;
  peak: boolean;
  spanS: number;
  wideMenu: boolean;
}

const KEY = "pinpu.settings";
export const SPANS_S = [30, 120, 600, 3600] as const;

function preferredLanguage(): Lang {
  for (const tag of navigator.languages ?? []) {
    if (tag.toLowerCase().startsWith("zh")) return "zh";
    if (tag.toLowerCase().startsWith("en")) return "en";
  }
  return "zh";
}

function read(): Partial<Stored> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Stored>;
  } catch {
    return {}; // private mode, or an older format: defaults are fine
  }
}

function oneOf<T>(value: unknown, allowed: readonly T[], fallback: T): T {
  return allowed.includes(value as T) ? (value as T) : fallback;
}

class Settings {
  lang = $state<Lang>("zh");
  theme = $state<Theme>("dark");
  zone = $state<Zone>("local");
  colours = $state<ColourMap>("abyss");
  averages = $state(4);
  markers = $state(true);
  hold = $state(true);
  peak = $state(false);
  spanS = $state<number>(30);
  /** The menu with names, or its icons alone: by default as the window has room beside a spectrum. */
  wideMenu = $state(true);

  constructor() {
    const stored = read();
    this.lang = oneOf(stored.lang, ["zh", "en"] as const, preferredLanguage());
    this.theme = oneOf(stored.theme, ["dark", "light"] as const, "dark");
    this.zone = oneOf(stored.zone, ["local", "utc"] as const, "local");
    this.colours = oneOf(stored.colours, COLOUR_MAPS, "abyss");
    this.averages = oneOf(stored.averages, [1, 4, 16], 4);
    this.spanS = oneOf(stored.spanS, SPANS_S as readonly number[], 30);
    this.markers = stored.markers ?? true;
    this.hold = stored.hold ?? true;
    this.peak = stored.peak ?? false;
    this.wideMenu = stored.wideMenu ?? innerWidth >= 1600;
  }

  /** Writes the settings and applies them to the document; runs in an effect of the root component. */
  apply(): void {
    const { lang, theme, zone, colours, averages, markers, hold, peak, spanS, wideMenu } = this;
    document.documentElement.dataset["theme"] = theme;
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    const stored: Stored = { lang, theme, zone, colours, averages, markers, hold, peak, spanS, wideMenu };
    try {
      localStorage.setItem(KEY, JSON.stringify(stored));
    } catch {
      // Storage may be full or forbidden; the settings then last as long as the page.
    }
  }
}

export const settings = new Settings();
