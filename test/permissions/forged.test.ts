/** Forgeries: chains and revocations with bits turned, words changed, parts exchanged, or documents of other kinds in their place. */

import { TopicValidatorResult } from "@libp2p/gossipsub";
import { expect, it } from "vitest";
import { makeOpen } from "../../node/envelope/mod.ts";
import { topicOf } from "../../node/host/topics.ts";
import { Validator } from "../../node/host/validator.ts";
import { type PeerId, Random, Warden } from "../../protocols/mod.ts";
import { grant, HOME, must, type Person, person, propose, seals } from "./cast.ts";
import { revocation } from "./nodes.ts";

const TRIES = 10_000;

interface Scene {
  readonly random: Random;
  readonly thief: Person;
  readonly chain: readonly string[];
  /** Envelopes of other kinds, and of other people, all well signed. */
  readonly others: readonly string[];
}

it(`${TRIES} forged chains make nobody a member`, async () => {
  const [root, friend, thief] = await Promise.all([person(), person(), person()]);
  const wide = grant(root, { to: friend.id, can: ["member", "delegate"] });
  const chain = seals(wide, grant(friend, { to: thief.id, under: wide, for_ms: 60_000 }));
  const warden = new Warden(HOME, { roots: [root.id], open: makeOpen(HOME), chain: [] }, () => undefined);
  expect(warden.judge(thief.id, chain, Date.now()).ok).toBe(true);
  const others = [
    thief.seal(propose(1)).seal,
    revocation(root, wide),
    root.seal({ ...wide.value, kind: "card" }).seal,
    thief.seal({ ...wide.value, audience: thief.id }).seal,
    friend.seal({ ...wide.value, audience: thief.id, parent: wide.digest, can: ["member", "revoke", "delegate"] }).seal,
    friend.seal({ ...wide.value, extra: 1 }).seal,
  ];
  const scene = { random: new Random(1), thief, chain, others };
  const taken: string[][] = [];
  for (let tries = 0; tries < TRIES; tries++) {
    const forged = forge(scene);
    const same = forged.length === chain.length && forged.every((seal, index) => seal === chain[index]);
    if (!same && warden.judge(thief.id, forged, Date.now()).ok) taken.push(forged);
  }
  // The first grant names somebody else, the second is not the root's.
  expect(taken).toEqual([]);
});

it("a revocation on the topic is heard once from whoever passes it on, and not with anything changed", async () => {
  const [root, thief] = await Promise.all([person(), person()]);
  const heard: PeerId[] = [];
  const onDocument = (signer: PeerId) => heard.push(signer);
  const validator = new Validator({ network: HOME, open: makeOpen(HOME), wall: Date.now, onDocument });
  const said = revocation(root, grant(root, { to: thief.id }));
  const notice = (seal: string) => ({ kind: "revocation-notice", network: HOME, revocation: seal });
  const bytes = (document: { kind: string }) => Buffer.from(thief.seal(document).seal, "base64");
  const topic = topicOf(HOME, "all");
  const random = new Random(2);
  for (let tries = 0; tries < 200; tries++)
    expect(validator.judge(topic, bytes(notice(spoiled(random, said))))).toBe(TopicValidatorResult.Reject);
  for (const wrong of [
    notice(thief.seal(propose(1)).seal),
    { ...notice(said), extra: 1 },
    { ...notice(said), network: "away" },
  ])
    expect(validator.judge(topic, bytes(wrong))).toBe(TopicValidatorResult.Reject);
  expect(validator.judge(topicOf(HOME, 0), bytes(notice(said)))).toBe(TopicValidatorResult.Reject);
  expect(heard).toEqual([]);
  expect(validator.judge(topic, bytes(notice(said)))).toBe(TopicValidatorResult.Accept);
  expect(validator.judge(topic, bytes(notice(said)))).toBe(TopicValidatorResult.Ignore);
  expect(heard).toEqual([thief.id]);
});

function forge({ random, thief, chain, others }: Scene): string[] {
  const forged = [...chain];
  const at = random.below(forged.length);
  switch (random.below(6)) {
    case 0:
      forged[at] = spoiled(random, must(forged[at]));
      break;
    case 1:
      forged[at] = must(others[random.below(others.length)]);
      break;
    case 2:
      forged.splice(at, 1);
      break;
    case 3:
      forged.push(must(others[random.below(others.length)]));
      break;
    case 4:
      forged.reverse();
      break;
    default:
      forged[at] = reworded(random, thief, must(forged[at]));
  }
  return forged;
}

/** One bit is another. */
function spoiled(random: Random, seal: string): string {
  const bytes = Buffer.from(seal, "base64");
  const at = random.below(bytes.length);
  bytes[at] = must(bytes[at]) ^ (1 << random.below(8));
  return bytes.toString("base64");
}

/** The words of an envelope changed and signed anew by the thief, or changed under the old signature. */
function reworded(random: Random, thief: Person, seal: string): string {
  const opened = makeOpen(HOME)(seal);
  if (opened === undefined) return seal;
  if (random.below(2) === 0)
    return thief.seal({ ...must(opened.payload as { kind: string }), audience: thief.id }).seal;
  const bytes = Buffer.from(seal, "base64").toString("latin1");
  const [from, to] = random.below(2) === 0 ? ["member", "memben"] : ["home", "hone"];
  return Buffer.from(bytes.replace(must(from), must(to)), "latin1").toString("base64");
}
