/** One peer's rules, without a network: whose call counts as whose, what is counted, and what happens to revocations with time. */
import { beforeAll, describe, expect, it } from "vitest";
import { makeOpen } from "../../node/envelope/mod.ts";
import { makeRevocation } from "../../node/permissions/granting.ts";
import {
  type Grant,
  LIMITS,
  PERMISSIONS,
  type PeerId,
  parseDigest,
  parseSkill,
  parseTaskId,
  revocationDocument,
  Signed,
  type TaskDocument,
} from "../../protocols/mod.ts";
import { Post } from "../../protocols/peer/post.ts";
import { Rules } from "../../protocols/peer/rules.ts";
import { grant, HOME, must, type Person, person, seals, type Terms } from "./cast.ts";
import { revocation } from "./nodes.ts";

const SKILL = must(parseSkill("text.count@1"));
const TASK = must(parseTaskId("ab".repeat(32)));
const WALL = Date.now();

let root: Person;
let self: Person;
let conductor: Person;
let initiator: Person;
beforeAll(async () => {
  [root, self, conductor, initiator] = await Promise.all([person(), person(), person(), person()]);
});

function rulesOf(chains: readonly (readonly [Person, Omit<Terms, "to">])[] = []) {
  const cards = new Map<PeerId, string[]>(
    chains.map(([who, terms]) => [who.id, seals(grant(root, { to: who.id, ...terms }))]),
  );
  const post = new Post(self.id);
  post.at = { now: 0, wall: WALL };
  const open = makeOpen(HOME);
  const chain = seals(grant(root, { to: self.id }));
  const rules = new Rules({
    post,
    network: HOME,
    permissions: { roots: [root.id], open, chain },
    grants: (peer) => cards.get(peer),
    neighbours: () => [conductor.id, initiator.id],
  });
  return { rules, post };
}

const cfp = {
  type: "cfp" as const,
  task: TASK,
  skill: SKILL,
  round: 1,
  window_ms: 400,
  left_ms: 5_000,
  input_bytes: 9,
  eligible: 1,
};

function taskBy(who: Person, with_: Partial<TaskDocument> = {}): Signed<TaskDocument> {
  return who.seal({
    kind: "task" as const,
    network: HOME,
    skill: SKILL,
    input_digest: must(parseDigest("cd".repeat(32))),
    input_bytes: 9,
    custodians: [who.id],
    reach: "auto" as const,
    sealed: false,
    deadline_ms: 5_000,
    lease_ms: 1_000,
    attempts_max: 3,
    nonce: "n".repeat(16),
    issued_ms: WALL,
    ...with_,
  });
}

describe("a call", () => {
  it("counts as its caller's, or as that of the initiator it names, who has to be one who may", () => {
    const { rules } = rulesOf([
      [conductor, { can: ["member", "execute/*"] }],
      [initiator, { can: ["member", "announce/text.*"] }],
    ]);
    expect(rules.deniesCall(conductor.id, cfp, 1)).toBe(true);
    expect(rules.deniesCall(conductor.id, { ...cfp, initiator: initiator.id }, 1)).toBe(false);
    expect(rules.deniesCall(initiator.id, cfp, 1)).toBe(false);
    expect(rules.deniesCall(initiator.id, { ...cfp, skill: must(parseSkill("image.count@1")) }, 1)).toBe(true);
    expect(rules.deniesCall(initiator.id, { ...cfp, initiator: root.id }, 1)).toBe(true);
  });

  it("is refused above each limit", () => {
    const limits = { input_bytes: 100, deadline_ms: 10_000, budget: 5, peers: [self.id], rate_per_min: 2 };
    const { rules, post } = rulesOf([[initiator, { limits }]]);
    const denies = (change: object, price = 5) => rules.deniesCall(initiator.id, { ...cfp, ...change }, price);
    expect(denies({ input_bytes: 101 })).toBe(true);
    expect(denies({ left_ms: 10_001 })).toBe(true);
    expect(denies({}, 5.1)).toBe(true);
    const tasks = ["1", "2", "3"].map((digit) => ({ task: must(parseTaskId(digit.repeat(64))) }));
    expect(tasks.map((task) => denies(task))).toEqual([false, false, true]);
    expect(denies(must(tasks[0]))).toBe(false);
    post.at = { now: 60_000, wall: WALL + 60_000 };
    expect(denies(must(tasks[2]))).toBe(false);
    const { rules: others } = rulesOf([[initiator, { limits: { peers: [root.id] } }]]);
    expect(others.deniesCall(initiator.id, cfp, 1)).toBe(true);
  });
});

describe("an award, a task, a bid", () => {
  it("is checked by the task's signature, whoever hands it on", () => {
    const { rules } = rulesOf([
      [conductor, {}],
      [initiator, { limits: { concurrency: 1, deadline_ms: 6_000 } }],
    ]);
    expect(rules.deniesAward(taskBy(initiator), 0)).toBe(false);
    expect(rules.deniesAward(taskBy(initiator), 1)).toBe(true);
    expect(rules.deniesAward(taskBy(initiator, { deadline_ms: 7_000 }), 0)).toBe(true);
    expect(rules.deniesTask(taskBy(initiator, { deadline_ms: 7_000 }))).toBe(true);
    expect(rules.deniesTask(taskBy(root))).toBe(true);
    expect(rules.deniesBid(conductor.id, taskBy(initiator), 1)).toBe(false);
    expect(rules.deniesBid(root.id, taskBy(initiator), 1)).toBe(true);
  });
});

describe("revocations", () => {
  const opened = (seal: string) => {
    const found = must(makeOpen(HOME)(seal));
    return new Signed(revocationDocument.parse(found.payload), { ...found, seal });
  };
  const said = (by: Person, ...grants: Grant[]) => opened(revocation(by, ...grants));

  it("are kept before they go on to the others, once, and dropped when their grants would be over", () => {
    const { rules, post } = rulesOf();
    const one = said(root, grant(root, { to: initiator.id, for_ms: 60_000 }));
    const message = { type: "revocations" as const, revocations: [one] };
    rules.receive(conductor.id, message);
    expect(post.take()).toMatchObject([
      { type: "keep", key: `revocation/${one.digest}`, record: { kind: "revocation", general: true } },
      { type: "send", to: initiator.id, message: { type: "revocations", revocations: [{ digest: one.digest }] } },
    ]);
    rules.receive(initiator.id, message);
    expect(post.take()).toEqual([]);
    post.at = { now: 1, wall: WALL + 60_000 + LIMITS.clock_tolerance_ms };
    rules.tick();
    expect(post.take()).toEqual([{ type: "keep", key: `revocation/${one.digest}`, record: null }]);
    rules.receive(conductor.id, message);
    expect(rules.revocations()).toEqual([]);
  });

  it("of one signer are bounded, and those of a root are not in the way", () => {
    const { rules } = rulesOf();
    for (let index = 0; index <= PERMISSIONS.revocations_of_one_max; index++)
      rules.heard(said(conductor, grant(conductor, { to: initiator.id })));
    expect(rules.revocations()).toHaveLength(PERMISSIONS.revocations_of_one_max);
    rules.heard(said(root, grant(root, { to: initiator.id })));
    expect(rules.revocations()).toHaveLength(PERMISSIONS.revocations_of_one_max + 1);
  });

  it("end a chain below their grant, and no other", () => {
    const { rules } = rulesOf();
    const above = grant(root, { to: conductor.id, can: ["member", "delegate"] });
    const below = grant(conductor, { to: initiator.id, under: above, for_ms: 60_000 });
    const ok = (...chain: Grant[]) => rules.judge(must(chain.at(-1)).value.audience, seals(...chain), WALL).ok;
    rules.heard(said(initiator, above));
    expect(ok(above, below)).toBe(true);
    rules.heard(said(conductor, below));
    expect(ok(above, below)).toBe(false);
    expect(ok(above)).toBe(true);
    rules.heard(said(root, above));
    expect(ok(above)).toBe(false);
  });

  it("by whoever holds `revoke` end any grant, if that is shown", () => {
    const { rules } = rulesOf();
    const target = grant(root, { to: initiator.id });
    const grants = [{ grant: target.digest, expires_ms: target.value.expires_ms }];
    const by = (proof: readonly string[]) =>
      opened(makeRevocation({ key: conductor.key, network: HOME, grants, proof }));
    const ok = () => rules.judge(initiator.id, seals(target), WALL).ok;
    rules.heard(by(seals(grant(root, { to: conductor.id }))));
    rules.heard(by(seals(grant(root, { to: self.id, can: ["member", "revoke"] }))));
    expect(ok()).toBe(true);
    rules.heard(by(seals(grant(root, { to: conductor.id, can: ["member", "revoke"] }))));
    expect(ok()).toBe(false);
  });
});
