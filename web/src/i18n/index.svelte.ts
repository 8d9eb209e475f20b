//! The dictionary of the current language, and the texts that come from data in both.

import type { Text } from "../api/model";
import { settings } from "../app/settings.svelte";
import { setApiLanguage } from "../api/client";
import type { Lang } from "../format/quantity";
import { en } from "./en";
import { zh, type Dictionary } from "./zh";

const DICTIONARIES: Record<Lang, Dictionary> = { zh, en };

/** The words of the current language; reading it in a template makes the template follow the language. */
export function t(): Dictionary {
  return DICTIONARIES[settings.lang];
}

/** A text of the data in the current language, or in the other one where it is missing. */
export function text(value: Text | null | undefined): string {
  if (!value) return "";
  return settings.lang === "zh" ? value.zh || value.en : value.en || value.zh;
}

export function switchLanguage(): void {
  settings.lang = settings.lang === "zh" ? "en" : "zh";
}

export function applyLanguage(): void {
  setApiLanguage(settings.lang === "zh" ? "zh-CN" : "en");
}
