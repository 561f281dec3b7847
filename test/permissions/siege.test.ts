/** Key but no certificate gets nobody in. The long form, a thousand tries: `node test/permissions/siege-main.ts`. */
import { afterEach, expect, it } from "vitest";
import { type Member, member, must, type Person, person, propose, until } from "./cast.ts";
import { besiege } from "./siege.ts";

let members: Member[] = [];
afterEach(async () => {
  await Promise.all(members.map(({ host }) => host.stop()));
  members = [];
});

async function pair(root: Person): Promise<[Member, Member]> {
  const one = await member({ root });
  const two = await member({ root, join: [one] });
  members = [one, two];
  await until(() => one.host.meshReady() && two.host.meshReady(), "the members' mesh");
  return [one, two];
}

it("50 tries without a certificate bring nothing in and nothing out: no frame, no gossip, no record", async () => {
  const root = await person();
  const [victim, other] = await pair(root);
  const tell = (number: number) => other.host.publish(0, propose(number));
  expect(await besiege({ victim, tries: 50, root, tell })).toEqual({
    tries: 50,
    streams: 0,
    records: 0,
    in: 0,
    out: 0,
  });
  expect(victim.connected).toEqual([other.person.id]);
  await until(() => victim.documents.length === 50, "members heard each other all the while");
});

it("with a certificate the same tries get in, so that they would be seen", async () => {
  const root = await person();
  const [victim, other] = await pair(root);
  const tell = (number: number) => other.host.publish(0, propose(number));
  const spoils = await besiege({ victim, tries: 10, root, tell, friendly: true });
  expect(spoils).toMatchObject({ tries: 10, streams: 10 });
  expect(spoils.in).toBeGreaterThanOrEqual(10);
  expect(spoils.out).toBeGreaterThan(0);
  expect(must(victim.connected[0])).toBe(other.person.id);
});
