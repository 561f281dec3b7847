/** What `moot init` writes: a commented config with one agent that works as it is, that agent's program, and a network key. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Fault, messageOf } from "../fault.ts";
import { makeFolder } from "../folder.ts";
import { writeOnce } from "./files.ts";
import { makeNetworkKey } from "./network-key.ts";

/**
 * Writes `moot.yaml`, `count.sh` and `network.key` and returns their paths. Throws Fault "usage", having written
 * nothing, when one of them exists.
 */
export function initConfig(dir: string): readonly string[] {
  const files = [
    { path: join(dir, "network.key"), content: makeNetworkKey(), mode: 0o600 },
    { path: join(dir, "count.sh"), content: Buffer.from(COUNT), mode: 0o755 },
    { path: join(dir, "moot.yaml"), content: Buffer.from(CONFIG), mode: 0o644 },
  ];
  const there = files.map((file) => file.path).filter((path) => existsSync(path));
  if (there.length > 0) throw taken(there);
  try {
    makeFolder(dir);
    for (const { path, content, mode } of files) if (!writeOnce(path, content, mode)) throw taken([path]);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const remedy = "name a folder that this user can write to";
    throw new Fault("usage", `cannot write into ${dir}: ${messageOf(error)}`, { remedy, cause: error });
  }
  return files.map((file) => file.path);
}

function taken(paths: readonly string[]): Fault {
  const remedy = "name an empty folder, or move them away; nothing is ever overwritten";
  return new Fault("usage", `there already is ${paths.join(" and ")}`, { remedy });
}

const CONFIG = `# A node of a folkmoot. Start it with: moot up
# Every key but agents has a default; a key that is not known is an error.

network:
  name: my-moot
  # Whoever has this key is in, so keep it out of version control. Copy it to the network's other machines.
  # Without a key, only this machine is served.
  key: ./network.key

listen: [/ip4/0.0.0.0/tcp/0]      # port 0: any free one
join: []                          # any member is a way in: [/ip4/192.0.2.7/tcp/4001/p2p/12D3Koo...]; none: be the first
data: ./data                      # identity and store; one node each, never copied
api: 127.0.0.1:0                  # the control API that the other commands talk to

agents:
  - name: counter
    # A program: one JSON object on stdin, the output as JSON on stdout. Exit 0 is done, 75 asks for another try,
    # anything else has failed, and the end of stderr says why. Or a TypeScript module: { module: ./agent.ts }
    #   export default async (input, context) => ({ words: input.text.split(/\\s+/).filter(Boolean).length });
    handler: { exec: [./count.sh] }
    concurrency: 2
    timeout_ms: 30000
    env: []                       # names of variables it may see besides PATH, HOME, LANG and TMPDIR
    skills:
      - name: text.count@1        # a name and a major version
        description: Counts the words and lines of a text.
        # JSON Schemas, inline or a path to a .json file.
        input: { type: object, required: [text], additionalProperties: false, properties: { text: { type: string } } }
        output:
          type: object
          required: [words, lines]
          properties: { words: { type: integer }, lines: { type: integer } }
        effects: none             # none, read, write, or a list of what is touched
        cost: 1                   # what it bids
        expected_ms: 100
`;

const COUNT = `#!/bin/sh
# The agent "counter": reads {"task":…,"skill":…,"input":{"text":"…"},…}, prints {"words":…,"lines":…}.
# JSON needs no more than awk here, because the input's schema allows nothing but a text.
LC_ALL=C exec awk '
  { call = call $0 }
  END {
    start = index(call, "\\"input\\":{\\"text\\":\\"")
    if (!start) { print "the input has no text" | "cat 1>&2"; close("cat 1>&2"); exit 1 }
    text = substr(call, start + 17)
    gsub(/\\\\\\\\/, "x", text)                 # an escaped backslash: a letter like any other
    gsub(/\\\\"/, "x", text)                  # an escaped quote too, so that the next quote ends the text
    text = substr(text, 1, index(text, "\\"") - 1)
    lines = gsub(/\\\\n/, " ", text)
    gsub(/\\\\[tr]/, " ", text)
    if (text != "") lines++
    printf "{\\"words\\":%d,\\"lines\\":%d}\\n", split(text, parts), lines
  }'
`;
