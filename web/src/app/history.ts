//! What the history of a conflict says, in the reader's language. The server writes its own remarks down once, in English and
//! in a fixed form; these are read back into words. What a person wrote stays as it was written.

import type { ConflictDetail, Resolution } from "../api/model";
import type { Lang } from "../format/quantity";
import type { Dictionary } from "../i18n/zh";

type Entry = ConflictDetail["history"][number];

export const SYSTEM = "system";

export interface Remark {
  text: string;
  /** It is the server's own and stored in English alone, which is not what this reader reads. */
  foreign: boolean;
}

/** `when` writes a point in time as the reader wants it. */
export function remark(
  entry: Entry,
  conflict: Pick<ConflictDetail, "explanation">,
  t: Dictionary,
  lang: Lang,
  when: (time: string) => string,
): Remark | null {
  if (!entry.comment) return null;
  if (entry.action === "resolved") return { text: outcome(entry.comment, t), foreign: false };
  if (entry.actor !== SYSTEM) return { text: entry.comment, foreign: false };
  const again = /^observed again at (.+), last at (\S+)$/.exec(entry.comment);
  if (again) return { text: t.conflicts.observedAgain(again[1] ?? "", when(again[2] ?? "")), foreign: false };
  // A remark that repeats the reason of the verdict: that is stored in both languages.
  if (entry.comment === conflict.explanation.en) return { text: conflict.explanation[lang] || entry.comment, foreign: false };
  return { text: entry.comment, foreign: lang !== "en" };
}

/** `not_reproduced: drove past twice` */
function outcome(comment: string, t: Dictionary): string {
  const [, name = "", said = ""] = /^([a-z_]+)(?:: ([\s\S]*))?$/.exec(comment) ?? [];
  if (!(name in t.resolution)) return comment;
  const word = t.resolution[name as Resolution];
  return said ? t.app.labelled(word, said) : word;
}
