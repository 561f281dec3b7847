/**
 * What this machine allows: network namespaces need Linux, root and iproute2. Asked once, by doing it; a suite that cannot run
 * says why. Also the one way in which these tests call `ip`.
 */
import { execFileSync } from "node:child_process";
import { messageOf } from "../../node/fault.ts";

export interface Machine {
  /** Why there can be no hosts here; undefined when there can. */
  readonly no_hosts: string | undefined;
  /** What the kernel has to make packets late and lose some; the first of `LINKS` that it knows. */
  readonly links: keyof typeof LINKS | undefined;
}

/** How a router's port to a host treats what it sends. */
export const LINKS = {
  netem: "netem delay 40ms 20ms loss 2%",
  /** A narrow link with a short queue: under load packets wait, and what finds the queue full is lost. */
  tbf: "tbf rate 400kbit burst 8kb latency 250ms",
} as const;

/** Longest that one call may take: each changes a table in the kernel. */
const IP_MS = 10_000;

/** One `ip` command, or several in one call. Throws with what it said. */
export function ip(...words: readonly string[]): string {
  return run("ip", words);
}

export function ipBatch(namespace: string, commands: readonly string[]): void {
  if (commands.length > 0) run("ip", ["-n", namespace, "-batch", "-"], commands.join("\n"));
}

/** Runs a command inside a namespace, to its end. */
export function inside(namespace: string, ...words: readonly string[]): string {
  return run("ip", ["netns", "exec", namespace, ...words]);
}

export function lookAtMachine(): Machine {
  if (process.platform !== "linux") return { no_hosts: `not Linux but ${process.platform}`, links: undefined };
  if (process.getuid?.() !== 0) return { no_hosts: "not root", links: undefined };
  const name = `moot-${process.pid}-look`;
  try {
    ip("netns", "add", name);
  } catch (error) {
    return { no_hosts: `no network namespaces: ${messageOf(error)}`, links: undefined };
  }
  try {
    // Each of these may be missing from a small kernel or a container.
    ip("-n", name, "link", "add", "name", "one", "type", "veth", "peer", "name", "other");
    ip("-n", name, "rule", "add", "pref", "100", "iif", "one", "to", "10.77.0.0/24", "blackhole");
    return { no_hosts: undefined, links: (["netem", "tbf"] as const).find((kind) => knows(name, kind)) };
  } catch (error) {
    return { no_hosts: `no virtual links or rules: ${messageOf(error)}`, links: undefined };
  } finally {
    ip("netns", "del", name);
  }
}

function knows(namespace: string, kind: keyof typeof LINKS): boolean {
  try {
    tc(namespace, "one", LINKS[kind]);
    return true;
  } catch {
    return false;
  }
}

/** Sets what a device does to what it sends; undefined: nothing. */
export function tc(namespace: string, device: string, discipline: string | undefined): void {
  const verb = discipline === undefined ? "del" : "replace";
  run("tc", ["-n", namespace, "qdisc", verb, "dev", device, "root", ...(discipline?.split(" ") ?? [])]);
}

function run(program: string, words: readonly string[], input = ""): string {
  try {
    return execFileSync(program, words, { input, encoding: "utf8", timeout: IP_MS, stdio: ["pipe", "pipe", "pipe"] });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    throw new Error(`${program} ${words.join(" ")}: ${said === "" ? messageOf(error) : said}`, { cause: error });
  }
}
