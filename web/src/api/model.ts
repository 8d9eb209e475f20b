//! The resources of the API under the names the console uses. All of them come from the OpenAPI document; the lists of
//! words below exist to be iterated, and the types hold them to the document.

import type { components } from "./schema";

/** Answers as the client hands them over: to it, a list of fixed length is a list. */
type Listed<T> = T extends readonly (infer Item)[] ? Listed<Item>[] : T extends object ? { [Key in keyof T]: Listed<T[Key]> } : T;
type Schemas = Listed<components["schemas"]>;

export type Text = Schemas["Text"];
export type Session = Schemas["SessionResponse"];
export type User = Schemas["UserResponse"];
export type Role = Schemas["Role"];
export type Organisation = Schemas["OrganisationResponse"];
export type OrganisationProfile = Schemas["OrganisationProfile"];
export type OrganisationKind = Schemas["OrganisationKind"];
export type OrganisationLevel = Schemas["OrganisationLevel"];
export type Notice = Schemas["NoticeResponse"];
export type NoticeKind = Schemas["NoticeKind"];
export type Webhook = Schemas["WebhookResponse"];
export type NewWebhook = Schemas["NewWebhookResponse"];
export type WebhookDelivery = Schemas["WebhookDeliveryResponse"];
export type Token = Schemas["TokenResponse"];
export type NewToken = Schemas["NewTokenResponse"];
export type TokenScope = Schemas["TokenScope"];
export type AuditEntry = Schemas["AuditResponse"];
export type AuditProof = Schemas["AuditProofResponse"];
export type Checkpoint = Schemas["CheckpointResponse"];
export type Receiver = Schemas["ReceiverResponse"];
export type Site = Schemas["SiteResponse"];
export type SiteProfile = Schemas["SiteProfile"];
export type ReceiverState = Schemas["ReceiverState"];
export type Verdict = Schemas["Verdict"];
export type VerdictKind = Schemas["VerdictKind"];
export type Severity = Schemas["Severity"];
export type Emission = Schemas["EmissionResponse"];
export type EmissionDetail = Schemas["EmissionDetailResponse"];
export type Conflict = Schemas["ConflictResponse"];
export type ConflictDetail = Schemas["ConflictDetailResponse"];
export type ConflictStatus = Schemas["ConflictStatus"];
export type Attachment = Schemas["AttachmentResponse"];
export type RequestFile = Schemas["RequestFileResponse"];
export type SealedAnswer = Schemas["SealedAnswer"];
export type QuestionCount = Schemas["QuestionCountResponse"];
export type DisclosurePolicy = Schemas["DisclosurePolicyResponse"];
export type Assignees = Schemas["AssigneesResponse"];
export type AlarmRoute = Schemas["AlarmRouteResponse"];
/** How a person ends a conflict. */
export type Resolution = Schemas["ResolveAs"];
export type Allocation = Schemas["Allocation"];
export type Assignment = Schemas["Assignment"];
export type AssignmentVersion = Schemas["AssignmentVersionResponse"];
export type Measured = Schemas["AssignmentMeasuredResponse"];
export type MeasuredCell = Schemas["Cell"];
export type Standing = Schemas["Standing"];
export type Unlisted = Schemas["Unlisted"];
export type CheckResult = Schemas["CheckRegistryResponse"];
export type ControlOrder = Schemas["ControlOrderResponse"];
export type ControlOrderRequest = Schemas["ControlOrderRequest"];
export type OrderPhase = Schemas["OrderPhase"];
export type OrderStep = Schemas["OrderStep"];
export type TakeOrderStep = Schemas["TakeOrderStep"];
export type InterferenceReport = Schemas["InterferenceReportResponse"];
export type InterferenceDetail = Schemas["InterferenceReportDetailResponse"];
export type InterferenceReportRequest = Schemas["InterferenceReportRequest"];
export type Complaint = Schemas["Complaint"];
export type ReportState = Schemas["ReportState"];
export type ReportStep = Schemas["ReportStep"];
export type TakeReportStep = Schemas["TakeInterferenceReportStepRequest"];
export type Grade = Schemas["InterferenceGrade"];
export type Level = Schemas["AdministrationLevel"];
export type QuarterRow = Schemas["QuarterRow"];
export type MeasuringTask = Schemas["TaskResponse"];
export type TaskContent = Schemas["MeasuringTaskContent"];
export type TaskState = Schemas["TaskState"];
export type TaskStep = Schemas["TaskStep"];
export type TakeTaskStep = Schemas["TakeTaskStepRequest"];
export type TaskPriority = Schemas["TaskPriority"];
export type TaskProduct = Schemas["TaskProduct"];
export type TaskChoices = Schemas["TaskChoicesResponse"];
export type TaskResults = Schemas["TaskResultsResponse"];
export type MeasuredSlot = Schemas["MeasuredSlot"];
export type InUse = Schemas["InUse"];
export type MajorEvent = Schemas["EventResponse"];
export type EventContent = Schemas["MajorEventContent"];
export type EventState = Schemas["EventState"];
export type EventStep = Schemas["EventStep"];
export type TakeEventStep = Schemas["TakeEventStepRequest"];
export type EventRow = Schemas["EventRowResponse"];
export type EventRowContent = Schemas["EventRowContent"];
export type EventRowFindings = Schemas["EventRowFindings"];
export type EventPlanImport = Schemas["ImportEventPlanResponse"];
export type EventDevice = Schemas["EventDeviceResponse"];
export type EventDeviceContent = Schemas["EventDeviceContent"];
export type TestEventDevice = Schemas["TestEventDeviceRequest"];
export type AdmissionResult = Schemas["AdmissionResult"];
export type EventWatch = Schemas["EventWatchResponse"];
export type WatchStanding = Schemas["WatchStanding"];
export type EventDayReport = Schemas["EventDayReport"];
export type ImportReport = Schemas["ImportRegistryResponse"];

export type Occupancy = Schemas["OccupancyResponse"];
export type OccupancyShare = Schemas["OccupancyShare"];
export type CoordinationRequest = Schemas["RequestResponse"];
export type RequestDetail = Schemas["RequestDetailResponse"];
export type RequestState = Schemas["RequestState"];
export type RequestPhase = Schemas["RequestPhase"];
export type RequestStep = Schemas["RequestStep"];
export type TakeStep = Schemas["TakeStepRequest"];
export type Proposal = Schemas["Proposal"];
export type ReadRequest = Schemas["ReadRequest"];
export type Analysis = Schemas["Analysis"];
export type Finding = Schemas["Finding"];
export type Alternative = Schemas["Alternative"];
export type ThreadEntry = Schemas["ThreadEntryResponse"];
export type Band = Schemas["Band"];
export type ControlArea = Schemas["ControlArea"];

/** One page of a list. */
export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

/** Keeps a list of words complete: a word of the document that is missing here is a type error. */
function allOf<T extends string>() {
  return <const L extends readonly T[]>(list: L & (Exclude<T, L[number]> extends never ? unknown : never)): L => list;
}

export const ROLES = allOf<Role>()([
  "viewer",
  "field",
  "civil_officer",
  "military_officer",
  "operator",
  "coordinator",
  "auditor",
  "admin",
  "sensor",
]);
/** Roles that people of an organisation may have (src/service/auth/permissions.rs). */
export const ROLES_OF: Record<OrganisationKind, readonly Role[]> = {
  civil: ["viewer", "field", "civil_officer", "coordinator", "auditor", "admin", "sensor"],
  military: ["viewer", "field", "military_officer", "coordinator", "auditor", "admin", "sensor"],
  operator: ["viewer", "operator"],
  service: ["viewer", "field", "coordinator", "auditor", "admin", "sensor"],
};
export const ORGANISATION_KINDS = allOf<OrganisationKind>()(["civil", "military", "operator", "service"]);
export const ORGANISATION_LEVELS = allOf<OrganisationLevel>()(["province", "city", "district"]);
export const VERDICT_KINDS = allOf<VerdictKind>()([
  "licensed",
  "licence_exempt",
  "unlicensed",
  "off_frequency",
  "over_bandwidth",
  "over_power",
  "out_of_hours",
  "protected_band",
  "expired",
  "control_order",
  "unused_assignment",
  "inconclusive",
]);
export const SEVERITIES = allOf<Severity>()(["info", "notice", "warning", "alarm"]);
export const RESOLUTIONS = allOf<Resolution>()(["lawful", "removed", "not_reproduced", "other"]);
export const CONFLICT_STATUSES = allOf<ConflictStatus>()(["open", "acknowledged", "assigned", "resolved", "merged"]);
export const REQUEST_PHASES = allOf<RequestPhase>()(["draft", "pending", "agreed", "in_force", "closed"]);
export const REQUEST_KINDS = allOf<Proposal["kind"]>()(["permanent", "temporary", "exercise", "event", "emergency"]);
export const PRIORITIES = allOf<Proposal["priority"]>()(["routine", "priority", "urgent"]);
export const REPORT_STATES = allOf<ReportState>()([
  "received",
  "confirmed",
  "located",
  "acted",
  "verified_clear",
  "closed",
  "rejected",
  "withdrawn",
]);
export const GRADES = allOf<Grade>()(["first", "second", "third"]);
export const TASK_STATES = allOf<TaskState>()([
  "requested",
  "accepted",
  "scheduled",
  "running",
  "done",
  "partly_done",
  "refused",
  "cancelled",
  "lapsed",
]);
export const TASK_PRIORITIES = allOf<TaskPriority>()(["routine", "priority", "immediate", "emergency"]);
export const PRODUCTS = allOf<TaskProduct>()(["occupancy", "emissions", "spectrum", "recording"]);
export const EVENT_STATES = allOf<EventState>()(["draft", "announced", "running", "closed", "cancelled"]);
export const ADMISSION_RESULTS = allOf<AdmissionResult>()(["passed", "failed", "undecided"]);
export const LEVELS = allOf<Level>()(["district", "city", "province"]);
export const ORDER_PHASES = allOf<OrderPhase>()([
  "in_force",
  "pending",
  "proposed",
  "draft",
  "expired",
  "lifted",
  "rejected",
  "withdrawn",
]);
