/**
 * Strangers at a member's door: each try dials, shows a chain that will not do (none, the member's own, one of a root of its own, one
 * of another network), and at once speaks on every protocol, publishes and asks the DHT. What got in, and what came out.
 */
import { AWAY, grant, intruder, type Member, must, type Person, person, propose, seals } from "./cast.ts";

export interface Siege {
  readonly victim: Member;
  readonly tries: number;
  readonly root: Person;
  /** Something for members alone to hear, at each try. */
  readonly tell: (number: number) => void;
  /** The chains are good, and are waited for: what the same tries do then. */
  readonly friendly?: boolean;
}

export interface Spoils {
  readonly tries: number;
  /** Streams of the network, and of its DHT, that were not reset. */
  readonly streams: number;
  readonly records: number;
  /** Messages of strangers that the member heard, and what of the network they heard. */
  readonly in: number;
  readonly out: number;
}

const SIEGERS = 5;

export async function besiege(siege: Siege): Promise<Spoils> {
  const { victim, tries, tell, friendly = false } = siege;
  const people = await Promise.all(Array.from({ length: SIEGERS }, () => person()));
  const strangers = await Promise.all(people.map((who) => intruder(who)));
  let [streams, records, number] = [0, 0, 0];
  const attack = async (index: number) => {
    const outsider = must(strangers[index]);
    const chains = chainsOf(siege, must(people[index]));
    for (let round = 0; round < tries / SIEGERS; round++) {
      number += 1;
      const connection = await dialled(() => outsider.dial(victim));
      const shown = outsider.show(connection, must(chains[(index + round) % chains.length])).catch(() => undefined);
      if (friendly) await shown;
      tell(number);
      outsider.publish(propose(1_000_000 + number), 0);
      if (await outsider.speak(connection)) streams += 1;
      if (await outsider.ask(connection)) records += 1;
      await shown;
      await outsider.hangUp(connection);
    }
  };
  await Promise.all(strangers.map((_, index) => attack(index)));
  await Promise.all(strangers.map((outsider) => outsider.stop()));
  const known = new Set(strangers.map(({ id }) => id));
  const came = [...victim.messages.map(({ from }) => from), ...victim.documents.map(({ signer }) => signer)];
  const out = strangers.reduce((sum, { heard }) => sum + heard.gossip + heard.frames, 0);
  return { tries: number, streams, records, in: came.filter((from) => known.has(from)).length, out };
}

/** A door that takes fifty an address and second turns some away: they come again. */
async function dialled<T>(dial: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await dial();
    } catch (error) {
      if (tries >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function chainsOf({ friendly, root, victim }: Siege, who: Person): readonly (readonly string[])[] {
  if (friendly) return [seals(grant(root, { to: who.id }))];
  return [[], victim.chain, seals(grant(who, { to: who.id })), seals(grant(root, { to: who.id, network: AWAY }))];
}
