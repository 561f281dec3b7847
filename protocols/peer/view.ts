/** What can be read from a peer without changing it: the answers behind `tasks`, `show`, `agents`. Plain data. */
import type { Attempt, Failure, Lineage, OutcomeDocument } from "../claim/documents.ts";
import type { Custodian } from "../claim/mod.ts";
import type { CardDocument } from "../directory/wire.ts";
import type { Ballot, PeerId, Skill, TaskId } from "../kernel/mod.ts";

export type TaskState = Custodian["state"];

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
  readonly sub_tasks?: number;
}

export interface KnownPeer {
  readonly peer: PeerId;
  readonly card: CardDocument;
  /** Connected, or not known to have gone. */
  readonly present: boolean;
  readonly left_ms: number;
}

export function viewOf(custodian: Custodian, now: number): TaskView {
  const { value, signer } = custodian.document;
  const { promised, outcome, account } = custodian;
  return {
    task: custodian.task,
    skill: value.skill,
    initiator: signer,
    custodians: value.custodians,
    conductor: value.custodians[promised.custodian] ?? signer,
    state: custodian.state,
    ballot: outcome?.ballot ?? promised,
    contractor: custodian.contractor,
    done_permille: custodian.done_permille,
    attempts: account.attempts,
    left_ms: Math.max(0, custodian.due - now),
    input: custodian.input,
    outcome,
    account: account.summary(),
    ...(value.lineage && { lineage: value.lineage }),
    ...(value.budget !== undefined && { budget: value.budget }),
    ...(value.sub_tasks !== undefined && { sub_tasks: value.sub_tasks }),
  };
}
