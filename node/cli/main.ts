/** The entry of the command line: `node/bin/moot.js` imports it, and that runs the command. */
import { run } from "./program.ts";

export { run };

// Whoever reads our output may stop reading (`| head`): that is no error of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
}

process.exitCode = await run(process.argv.slice(2));
