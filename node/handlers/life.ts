/**
 * In an agent's process, beside its code: a thread that waits for the end of the node, and then ends the process with all that it started,
 * also while the agent's code never awaits. Woken by a pipe that closes.
 */
import { Socket } from "node:net";
import { PIPE } from "./piped.ts";

const end = () => process.kill(-process.pid, "SIGKILL");
new Socket({ fd: PIPE.life, readable: true, writable: false }).on("error", end).on("close", end).resume();
