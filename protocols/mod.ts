/** The protocol's public surface: what drivers, simulators and kits may use. */

export { type Candidate, scoreOf } from "./auction/mod.ts";
export * from "./blob/mod.ts";
export type {
  Attempt,
  AwardDocument,
  Failure,
  Lineage,
  OutcomeDocument,
  Reach,
  Reason,
  RefusalReason,
  Status,
  TaskDocument,
} from "./claim/documents.ts";
export { contractOf, withContracts } from "./directory/contracts.ts";
export type { AgentCard, CardDocument, SkillCard } from "./directory/wire.ts";
export { cardDocument } from "./directory/wire.ts";
export * from "./kernel/mod.ts";
export type { DigestOf, Open } from "./kernel/wire.ts";
export type { Answer, Effect, PeerEvent, PeerOptions, Request, RunResult } from "./peer/contract.ts";
export { type Fact, taskOf } from "./peer/facts.ts";
export { Peer } from "./peer/peer.ts";
export { shardsOf } from "./peer/presence.ts";
export type { KnownPeer, TaskState, TaskView } from "./peer/view.ts";
export {
  type Kept,
  type Message,
  messageSchemas,
  PROTOCOLS,
  type ProtocolName,
  protocolOf,
  recordSchema,
  type TopicDocument,
  topicSchema,
} from "./peer/wire.ts";
export * from "./permissions/mod.ts";
