/** Peers that break a clause of permissions: what members may do, and how that ends. Who gets in is in `admission.ts`. */
import type { Mutant } from "./mutant.ts";

const BOUNDS = "protocols/permissions/bounds.ts";
const CALLS = "protocols/peer/calls.ts";
const COMMANDS = "protocols/permissions/commands.ts";
const CUSTODIES = "protocols/peer/custodies.ts";
const HOST = "node/host/host.ts";
const PRESENCE = "protocols/peer/presence.ts";
const REVOCATIONS = "protocols/permissions/revocations.ts";
const RULES = "protocols/peer/rules.ts";
const VERIFY = "protocols/permissions/verify.ts";
const WARDEN = "protocols/permissions/warden.ts";
const WORKS = "protocols/peer/works.ts";

/** What members may do. */
const RIGHTS: readonly Mutant[] = [
  {
    clause: "PERM-4",
    does: "holds anybody's card",
    file: RULES,
    find: "return this.#warden.judge(card.signer, card.value.grants ?? [], wall).ok;",
    put: "return this.#warden.judge(card.signer, card.value.grants ?? [], wall).ok || true;",
  },
  {
    clause: "PERM-4",
    does: "keeps anybody's record",
    file: HOST,
    find: "admission.judge(peer, chain).ok);",
    put: "admission.judge(peer, chain).ok || true);",
    stage: "libp2p",
  },
  {
    clause: "PERM-5",
    does: "bids for everybody",
    file: RULES,
    find: "if (this.#warden.denies(initiator, ",
    put: "if (act.cost === -1 && this.#warden.denies(initiator, ",
  },
  {
    clause: "PERM-5",
    does: "counts a call as the caller's",
    file: RULES,
    find: "const initiator = cfp.initiator ?? conductor;",
    put: "const initiator = conductor;",
  },
  {
    clause: "PERM-5",
    does: "bids for what it may not do",
    file: RULES,
    find: "if (this.#warden.denies(self, ",
    put: "if (ours.cost === -1 && this.#warden.denies(self, ",
  },
  {
    clause: "PERM-5",
    does: "is silent where it may not bid",
    file: CALLS,
    find: 'post.send(conductor, { type: "refuse", task, round, reason: "denied", load_permille: 0 });',
    put: "void task;\n        void round;",
  },
  {
    clause: "PERM-5",
    does: "knows no limits of price",
    file: BOUNDS,
    find: 'if (above(act.cost, held.budget)) return "budget";',
    put: "",
  },
  {
    clause: "PERM-5",
    does: "refuses what is at a limit",
    file: BOUNDS,
    find: "value !== undefined && most !== undefined && value > most;",
    put: "value !== undefined && most !== undefined && value >= most;",
  },
  {
    clause: "PERM-5",
    does: "knows no skills under a name",
    file: COMMANDS,
    find: 'return what.endsWith(".*") && asked.startsWith(held.slice(0, -1));',
    put: "return false;",
  },
  {
    clause: "PERM-6",
    does: "works for everybody",
    file: RULES,
    find: "if (this.#warden.denies(signer, ",
    put: "if (running === -1 && this.#warden.denies(signer, ",
  },
  {
    clause: "PERM-6",
    does: "refuses awards as overloaded",
    file: WORKS,
    find: 'reason: "denied", load_permille: 0, ballot',
    put: 'reason: "overloaded", load_permille: 0, ballot',
  },
  {
    clause: "PERM-6",
    does: "keeps everybody's tasks",
    file: CUSTODIES,
    find: "if (this.#options.rules?.deniesTask(document) === true)",
    put: "if (this.#options.rules?.deniesTask(document) === true && document.value.nonce === '')",
  },
  {
    clause: "PERM-7",
    does: "calls who may not do it",
    file: PRESENCE,
    find: "candidates.filter(({ peer }) => rules.mayWork(peer, skill))",
    put: "candidates.filter(({ peer }) => rules.mayWork(peer, skill) || true)",
  },
  {
    clause: "PERM-7",
    does: "awards to who may not do it",
    file: CUSTODIES,
    find: "if (this.#options.rules?.deniesBid(from, custodian.document, bid.cost) !== true) return false;",
    put: "if (this.#options.rules?.deniesBid(from, custodian.document, bid.cost) !== undefined) return false;",
  },
  {
    clause: "PERM-8",
    does: "counts no announcements",
    file: WARDEN,
    find: "if (counted.tasks.size >= most) return true;",
    put: "",
  },
  {
    clause: "PERM-8",
    does: "counts a task again when it is called for again",
    file: WARDEN,
    find: "if (counted.tasks.has(task)) return false;",
    put: "",
  },
  {
    clause: "PERM-8",
    does: "counts no work",
    file: RULES,
    find: " || running >= this.#warden.placesOf(signer, wall);",
    put: " || running < 0;",
  },
  {
    clause: "PERM-11",
    does: "gives blobs to everybody",
    file: WARDEN,
    find: 'return holds(rights, "read/*") || tasks',
    put: "return rights.commands.length > 0 || tasks",
    stage: "libp2p",
  },
  {
    clause: "PERM-11",
    does: "knows no readers of a task",
    file: WARDEN,
    find: "|| tasks.some((task) => ",
    put: "|| tasks.some((task) => task.length === 0 && ",
    stage: "libp2p",
  },
];

/** How rights end. */
const ENDS: readonly Mutant[] = [
  {
    clause: "PERM-9",
    does: "takes anybody's word",
    file: REVOCATIONS,
    find: "if (held.general || issuers.includes(held.revocation.signer)) return true;",
    put: "if (held.general || issuers.length > 0) return true;",
  },
  {
    clause: "PERM-9",
    does: "takes the root's word alone",
    file: REVOCATIONS,
    find: "held.general || issuers.includes(held.revocation.signer)",
    put: "held.general",
  },
  {
    clause: "PERM-9",
    does: "asks no signer for the right",
    file: WARDEN,
    find: 'return verdict.ok && holds(verdict.rights, "revoke");',
    put: "return verdict.ok;",
  },
  {
    clause: "PERM-9",
    does: "takes the right of somebody else",
    file: WARDEN,
    find: "const verdict = this.#verify(signer, value.proof, wall);",
    put: 'const verdict = this.#verify(this.#options.open(value.proof.at(-1) ?? "")?.payload.audience ?? signer, value.proof, wall);',
  },
  {
    clause: "PERM-9",
    does: "knows no right to revoke",
    file: WARDEN,
    find: "this.#options.roots.includes(signer) || this.#mayRevoke(revocation, wall);",
    put: "this.#options.roots.includes(signer) || (this.#mayRevoke(revocation, wall) && false);",
  },
  {
    clause: "PERM-9",
    does: "revokes one grant, and not what came of it",
    file: VERIFY,
    find: "if (about.revoked(grant.digest, issuers))",
    put: "if (at === chain.length - 1 && about.revoked(grant.digest, issuers))",
  },
  {
    clause: "PERM-10",
    does: "forgets revocations",
    file: RULES,
    find: 'const record = { kind: "revocation" as const, revocation, general };',
    put: "const record = null;",
  },
  {
    clause: "PERM-10",
    does: "tells nobody that comes",
    file: RULES,
    find: "this.#tell(peer, this.#warden.revocations());",
    put: "void peer;",
  },
  {
    clause: "PERM-10",
    does: "keeps revocations to itself",
    file: RULES,
    find: "if (peer !== from) this.#tell(peer, news);",
    put: "void peer;",
  },
  {
    clause: "PERM-10",
    does: "tells the one that it comes from",
    file: RULES,
    find: "if (peer !== from) this.#tell(peer, news);",
    put: "this.#tell(peer, news);",
  },
  {
    clause: "PERM-10",
    does: "passes on what it knows",
    file: RULES,
    find: "revocations.filter((revocation) => this.#learn(revocation));",
    put: "revocations.filter((revocation) => this.#learn(revocation) || true);",
  },
  {
    clause: "PERM-10",
    does: "holds all that one says",
    file: REVOCATIONS,
    find: "if (!general && this.#of(revocation.signer) >= PERMISSIONS.revocations_of_one_max) return false;",
    put: "",
  },
];

export const PERMISSIONS: readonly Mutant[] = [...RIGHTS, ...ENDS];
