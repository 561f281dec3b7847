/**
 * Sub-tasks, where they are asked for: what a run at this peer may still cause is checked, and taken off when the task is there
 * (clause CLAIM-47). Woken by a `submit` with a lineage.
 */
import type { Lineage } from "../claim/mod.ts";
import type { Request } from "./contract.ts";
import type { Custodies } from "./custodies.ts";
import type { Post } from "./post.ts";
import type { Works } from "./works.ts";

export interface Below {
  readonly works: Works;
  readonly custodies: Custodies;
  readonly post: Post;
}

export type SubRequest = Request & { readonly lineage: Lineage };

export function isBelow(request: Request): request is SubRequest {
  return request.lineage !== undefined;
}

export function submitBelow({ works, custodies, post }: Below, ref: number, request: SubRequest): void {
  const allowance = works.allowance(request.lineage);
  const sub_tasks = allowance?.share(request.sub_tasks);
  if (allowance !== undefined && sub_tasks !== undefined) {
    if (custodies.submit(ref, { ...request, sub_tasks })) allowance.take(sub_tasks);
    return;
  }
  const message =
    allowance === undefined
      ? "the run that it is for is not at work"
      : `${allowance.left} more tasks may come of this run: too few for this one with ${request.sub_tasks ?? 0} of its own`;
  post.answer(ref, { ok: false, reason: "used-up", message });
}
