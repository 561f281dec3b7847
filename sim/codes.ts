/** The kinds of records in a binary trace: events that machines saw, facts that they noted, what befell peers. */
export const KINDS = [
  "none",
  "boot",
  "crash",
  "pause",
  "jump",
  "alarm",
  "start",
  "connected",
  "disconnected",
  "unreachable",
  "submit",
  "progress",
  "ran",
  "stuck",
  "found",
  "card",
  "addresses",
  "drain",
  "digest",
  "want",
  "cards",
  "cfp",
  "propose",
  "refuse",
  "accept-proposal",
  "agree",
  "reject-proposal",
  "store",
  "stored",
  "prepare",
  "promise",
  "accept",
  "accepted",
  "decided",
  "renew",
  "renewed",
  "failure",
  "tend",
  "cancel",
  "query",
  "nack",
  "not-understood",
  "equivocation",
  "met",
  "left",
  "submitted",
  "called",
  "proposed",
  "refused",
  "unanswered",
  "chosen",
  "awarded",
  "agreed",
  "award-refused",
  "attempt-ended",
  "prepared",
  "standing-by",
  "running",
  "stopped",
] as const;

const BY_NAME = new Map<string, number>(KINDS.map((kind, code) => [kind, code]));

export const CODES = { boot: 1, crash: 2, pause: 3, jump: 4, alarm: 5 } as const;

/** The code of an event, message, document or fact by its type. Throws on one that this table does not have. */
export function codeOf(kind: string): number {
  const code = BY_NAME.get(kind);
  if (code === undefined) throw new Error(`a trace has no code for ${kind}`);
  return code;
}
