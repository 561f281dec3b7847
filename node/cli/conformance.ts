/** `moot conformance`: whether a peer, of whatever make, speaks the protocol. The kit is loaded only when it is called. */
import { Command, InvalidArgumentError, Option } from "commander";
import { collect, parseCount, parseDuration } from "./options.ts";

const FORMATS = ["text", "json", "tap", "junit"] as const;
const ROLES = ["wire", "directory", "bidder", "contractor", "custodian", "conductor", "initiator", "holder"] as const;
/** Kinds of scripts that are not played side by side, and the rest. */
const PEERS_MAX = 3;
const LANES_MAX = 32;

const EXAMPLES = `
Examples:
  $ moot conformance /ip4/127.0.0.1/tcp/4001/p2p/12D3Koo… --network my-moot
  $ moot conformance --shim "node my-shim.js" --format junit > conformance.xml
  $ moot conformance --shim "moot conformance-shim"        (a node of this version)
  $ moot conformance --virtual                             (the same machines in virtual time: seconds)
  $ moot conformance --virtual --only CLAIM-24 --only bids-when-called
  $ moot conformance --list

Plays every other peer of a network against the peer under test, over the wire, and says clause by clause what holds. What needs more
than the wire (submitting, restarting) needs a control shim, and is "not run" without one. How to check your peer in five minutes:
test/conformance/README.md.

Ends with 8 when a MUST does not hold that is not in the baseline, or when one in the baseline holds again.`;

export function conformanceCommand(): Command {
  return new Command("conformance")
    .description("check whether a peer, of whatever make, speaks the protocol")
    .argument("[multiaddr]", "where the peer is, with /p2p/<peer id>")
    .option("--network <name>", "the name of its network")
    .option("--network-key <file>", "the pre-shared key of its network")
    .option("--shim <command>", "a program that starts the peer, and submits, cancels and restarts when asked")
    .option("--virtual", "check the machines of this version, in virtual time")
    .option("--only <clause|script>", "only this; may be given again", collect)
    .addOption(
      new Option("--role <role>", "only scripts of this role; may be given again").choices(ROLES).argParser(role),
    )
    .addOption(new Option("--format <format>", "how to print the result").choices(FORMATS).default("text"))
    .option("--json", "the same as --format json")
    .option("--baseline <file>", "clauses that are known to fail, one a line")
    .option("--requirements <version>", "the set of requirements", "1")
    .option("--lanes <n>", "scripts side by side", atMost(LANES_MAX), 16)
    .option(
      "--peers <n>",
      "start the shim's program so many times, and divide what must be played alone",
      atMost(PEERS_MAX),
      1,
    )
    .option("--patience <duration>", "for an answer that comes at once", parseDuration, 5_000)
    .option("--seed <n>", "of what is drawn", parseCount, 1)
    .option("--list", "print all clauses and their scripts")
    .addHelpText("after", EXAMPLES)
    .action(async (address: string | undefined, options) => {
      const { check } = await import("../conformance/check.ts");
      process.exitCode = await check(address, options);
    });
}

/** Not in the help: programs call it. */
export function conformanceShimCommand(): Command {
  return new Command("conformance-shim")
    .description("a control shim of a node of this version, for moot conformance --shim")
    .action(async () => {
      const { runMootShim } = await import("../conformance/moot-shim.ts");
      await runMootShim();
    });
}

function role(text: string, before: readonly string[] | undefined): readonly string[] {
  if ((ROLES as readonly string[]).includes(text)) return collect(text, before);
  throw new InvalidArgumentError(`Allowed choices are ${ROLES.join(", ")}.`);
}

function atMost(max: number): (text: string) => number {
  return (text) => {
    const count = parseCount(text);
    if (count <= max) return count;
    throw new InvalidArgumentError(`It is at most ${max}.`);
  };
}
