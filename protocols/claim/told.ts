/**
 * What a contractor tells of a run that failed: its last tool calls and the causes that lie elsewhere. Cut to what an account has
 * room for, the oldest first, by whoever writes it down: a word of another is never too long for one's own outcome. Pure.
 */
import { LIMITS, utf8Bytes } from "../kernel/mod.ts";
import type { ToolTrace } from "./documents.ts";

export interface Told {
  readonly toolTrace: ToolTrace;
  readonly causes: string[];
}

export const NOTHING_TOLD: Told = { toolTrace: [], causes: [] };

export function told(toolTrace: ToolTrace = [], causes: readonly string[] = []): Told {
  return { toolTrace: latest(toolTrace), causes: lastOf(causes) };
}

/** The last of these texts, each as long as an account's may be. */
export function lastOf(texts: readonly string[]): string[] {
  return texts.slice(-LIMITS.account_causes).map((text) => text.slice(0, LIMITS.account_chars));
}

/** As many of the latest calls as fit into `account_trace_bytes` of JSON. */
function latest(calls: ToolTrace): ToolTrace {
  let bytes = 0;
  let first = calls.length;
  while (first > 0) {
    bytes += utf8Bytes(JSON.stringify(calls[first - 1])) + 1;
    if (bytes > LIMITS.account_trace_bytes) break;
    first -= 1;
  }
  return calls.slice(first);
}
