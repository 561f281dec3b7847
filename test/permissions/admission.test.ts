/** Real hosts on loopback: who shows a chain that will do is in, and who does not neither says nor hears anything. */
import { afterEach, describe, expect, it } from "vitest";
import type { Host } from "../../node/driver/mod.ts";
import { PERMISSIONS } from "../../protocols/mod.ts";
import {
  AWAY,
  grant,
  HOME,
  intruder,
  type Member,
  member,
  must,
  type Person,
  person,
  propose,
  seals,
  until,
} from "./cast.ts";

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function hosts(count: number, root: Person): Promise<Member[]> {
  const all: Member[] = [];
  for (let index = 0; index < count; index++) all.push(await started(member({ root, join: all.slice(0, 1) })));
  return all;
}

async function started<T extends { readonly host: Host }>(making: Promise<T>): Promise<T> {
  const made = await making;
  stops.push(() => made.host.stop());
  return made;
}

async function stranger(who?: Person) {
  const made = await intruder(who ?? (await person()));
  stops.push(() => made.stop());
  return made;
}

const digest = { type: "digest" as const, network: HOME, news: true, cards: [] };

describe("members", () => {
  it("let each other in, and speak over streams, gossip and the DHT", async () => {
    const root = await person();
    const [one, two] = await hosts(2, root);
    await until(() => must(one).connected.length === 1 && must(two).connected.length === 1, "both are in");
    must(one).host.send(must(two).person.id, digest);
    await until(() => must(two).messages.length === 1, "a message came");
    await until(() => must(one).host.meshReady() && must(two).host.meshReady(), "the mesh");
    must(one).host.publish(0, propose(1));
    await until(() => must(two).documents.length === 1, "gossip came");
    expect(must(two).denied).toEqual([]);
  });

  it("hold chains of up to four grants", async () => {
    const root = await person();
    const [home] = await hosts(1, root);
    const people = await Promise.all(Array.from({ length: 5 }, () => person()));
    const can = ["member", "delegate"];
    const chain = [grant(root, { to: must(people[0]).id, can })];
    for (const [index, by] of people.slice(0, -1).entries())
      chain.push(
        grant(by, { to: must(people[index + 1]).id, can, under: must(chain.at(-1)), for_ms: 3_000_000 - index }),
      );
    const fourth = await stranger(must(people[3]));
    expect(await fourth.show(await fourth.dial(must(home)), seals(...chain.slice(0, 4)))).toEqual({ admitted: true });
    const fifth = await stranger(must(people[4]));
    const reply = await fifth.show(await fifth.dial(must(home)), seals(...chain));
    expect(reply).toMatchObject({ admitted: false });
  });

  it("drop a member when its certificate ends, and take it back with a newer one", async () => {
    const root = await person();
    const [home] = await hosts(1, root);
    const who = await person();
    const short = seals(grant(root, { to: who.id, for_ms: 3_000 }));
    const guest = await started(member({ root, who, chain: short, join: [must(home)] }));
    await until(() => must(home).connected.length === 1, "it is in");
    await until(() => must(home).disconnected.length === 1, "it is out");
    expect(must(home).denied.at(-1)).toMatchObject({ peer: who.id, why: "expired" });
    guest.chain = seals(grant(root, { to: who.id }));
    await until(() => must(home).connected.length === 2, "it is back");
  });
});

describe("chains that will not do", () => {
  it("are told why, and admit nobody", async () => {
    const root = await person();
    const [other, friend, who] = await Promise.all([person(), person(), person()]);
    const [home] = await hosts(1, root);
    const wide = grant(root, { to: friend.id, can: ["member", "delegate", "execute/text.*"] });
    const plain = grant(root, { to: friend.id });
    const under = { under: wide, for_ms: 60_000 };
    const cases: [why: string, chain: readonly string[]][] = [
      ["missing", []],
      ["expired", seals(grant(root, { to: who.id, for_ms: 500 }))],
      ["not-yet", seals(grant(root, { to: who.id, from_ms: Date.now() + 600_000 }))],
      ["wrong-root", seals(grant(other, { to: who.id }))],
      ["unreadable", seals(grant(root, { to: who.id, network: AWAY }))],
      ["not-yours", seals(plain)],
      ["no-member", seals(grant(root, { to: who.id, can: ["execute/*"] }))],
      ["no-delegate", seals(plain, grant(friend, { to: who.id, under: plain, for_ms: 60_000 }))],
      ["too-wide", seals(wide, grant(friend, { to: who.id, can: ["member", "execute/*"], ...under }))],
      ["too-wide", seals(wide, grant(friend, { to: who.id, ...under }))],
      ["broken-chain", seals(wide, grant(other, { to: who.id, can: ["member", "execute/text.*"], ...under }))],
      ["lives-too-long", seals(grant(root, { to: who.id, for_ms: PERMISSIONS.certificate_ms_max + 1 }))],
      ["unreadable", [must(seals(plain)[0]).replace(/.{6}==?$|.{8}$/, "AAAAAAAA")]],
    ];
    const outsider = await stranger(who);
    for (const [why, chain] of cases) {
      const connection = await outsider.dial(must(home));
      expect(await outsider.show(connection, chain)).toEqual({ admitted: false, why });
      await outsider.hangUp(connection);
    }
    expect(must(home).connected).toEqual([]);
  });

  it("end the connection: after five seconds, or the third of them", async () => {
    const root = await person();
    const [home] = await hosts(1, root);
    const [silent, loud] = [await stranger(), await stranger()];
    const since = performance.now();
    const waiting = await silent.dial(must(home));
    const trying = await loud.dial(must(home));
    for (let tries = 0; tries < 3; tries++) await loud.show(trying, []).catch(() => undefined);
    await until(() => trying.status !== "open", "the third was one too many", 2_000);
    await until(() => waiting.status !== "open", "five seconds");
    const ms = performance.now() - since;
    expect(ms).toBeGreaterThan(PERMISSIONS.admit_ms - 200);
    expect(ms).toBeLessThan(PERMISSIONS.admit_ms + 3_000);
  });
});
