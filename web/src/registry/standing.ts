//! Whether an assignment stands today: what the register says of it, and whether its dates agree.

import type { Assignment } from "../api/model";

export type Standing = Assignment["status"] | "expired" | "pending";

export function standingOf(assignment: Pick<Assignment, "status" | "valid_from" | "valid_to">, now: number): Standing {
  if (assignment.status !== "granted") return assignment.status;
  if (assignment.valid_to && Date.parse(assignment.valid_to) <= now) return "expired";
  if (assignment.valid_from && Date.parse(assignment.valid_from) > now) return "pending";
  return "granted";
}
