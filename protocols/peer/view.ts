/** What can be read from a peer without changing it: the answers behind `tasks`, `show`, `agents`. Plain data. */
import type { Attempt, Failure, Lineage, OutcomeDocument } from "../claim/documents.ts";
import type { CardDocument } from "../directory/wire.ts";
import type { Ballot, PeerId, Skill, TaskId } from "../kernel/mod.ts";

export type TaskState =
  | "storing"
  | "auctioning"
  | "awarding"
  | "running"
  | "preparing"
  | "deciding"
  | "standing-by"
  | "decided";

export interface TaskView {
  readonly task: TaskId;
  readonly skill: Skill;
  readonly initiator: PeerId;
  readonly custodians: readonly PeerId[];
  readonly conductor: PeerId;
  readonly state: TaskState;
  readonly ballot: Ballot;
  readonly contractor?: PeerId | undefined;
  readonly done_permille?: number | undefined;
  readonly attempts: readonly Attempt[];
  readonly left_ms: number;
  readonly input: string;
  readonly outcome?: OutcomeDocument | undefined;
  /** Announcements made by this node, whom it asked, who refused. */
  readonly account: Pick<Failure, "asked" | "refusals" | "rounds">;
  /** Of a sub-task. */
  readonly lineage?: Lineage;
  readonly budget?: number;
}

export interface KnownPeer {
  readonly peer: PeerId;
  readonly card: CardDocument;
  /** Connected, or not known to have gone. */
  readonly present: boolean;
  readonly left_ms: number;
}
