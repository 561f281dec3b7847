/** The entry of the command line: `node/bin/moot.js` imports it, and that runs the command. */
import { run } from "./program.ts";

export { run };

const words = process.argv.slice(2);

// Whoever reads our output may stop reading (`| head`): that is no error of ours. Most commands are done then; a node is not
// there for its reader, and goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    if (words[0] !== "up") process.exit();
  });
}

process.exitCode = await run(words);
