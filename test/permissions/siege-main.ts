/** `node test/permissions/siege-main.ts [tries]`: a thousand tries without a certificate. Exit 1 when anything got in or out. */
import { member, person, propose, until } from "./cast.ts";
import { besiege } from "./siege.ts";

const root = await person();
const victim = await member({ root });
const other = await member({ root, join: [victim] });
await until(() => victim.host.meshReady() && other.host.meshReady(), "the members' mesh");
const tries = Number(process.argv[2] ?? 1_000);
const tell = (number: number) => other.host.publish(0, propose(number));
const spoils = await besiege({ victim, tries, root, tell });
process.stdout.write(`${JSON.stringify(spoils)}\n`);
await Promise.all([victim.host.stop(), other.host.stop()]);
process.exitCode = spoils.streams + spoils.records + spoils.in + spoils.out === 0 ? 0 : 1;
