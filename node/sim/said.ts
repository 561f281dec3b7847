/** Types of messages as a scenario file names them. Pure. */
import type { Message } from "../../protocols/mod.ts";
import { oneOf } from "../fields/fields.ts";

/** Every type there is; the compiler sees to it. */
const TYPES = {
  digest: true,
  want: true,
  cards: true,
  cfp: true,
  propose: true,
  refuse: true,
  "accept-proposal": true,
  agree: true,
  "reject-proposal": true,
  store: true,
  stored: true,
  prepare: true,
  promise: true,
  nack: true,
  accept: true,
  accepted: true,
  decided: true,
  renew: true,
  renewed: true,
  partial: true,
  failure: true,
  tend: true,
  cancel: true,
  query: true,
  "not-understood": true,
  revocations: true,
} satisfies Record<Message["type"], true>;

export const said = oneOf(Object.keys(TYPES).filter((type): type is Message["type"] => Object.hasOwn(TYPES, type)));
