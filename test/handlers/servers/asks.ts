/** A client rather than a server: a process that calls a webhook once, for tests, and prints how it ended. Argument: the URL. */
import { agentOf, ending, run } from "../helpers.ts";

const [, , url = ""] = process.argv;
const ran = await run(agentOf({ kind: "webhook", url, headers: {}, allow_private: false }));
process.stdout.write(JSON.stringify(ending(ran)));
