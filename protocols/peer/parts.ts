/** The parts of one peer, as those that bring events to them see them. No behaviour. */
import type { Calls } from "./calls.ts";
import type { Custodies } from "./custodies.ts";
import type { Post } from "./post.ts";
import type { Presence } from "./presence.ts";
import type { Rules } from "./rules.ts";
import type { Works } from "./works.ts";

export interface Parts {
  readonly post: Post;
  readonly presence: Presence;
  readonly calls: Calls;
  readonly works: Works;
  readonly custodies: Custodies;
  /** Who may do what; undefined where everybody may do everything. */
  readonly rules: Rules | undefined;
}
