/** Default export, asynchronous; uses all of its context. */
import type { Context } from "../../../node/handlers/mod.ts";

export default async (input: { text: string }, context: Context) => {
  context.progress(0.5, "half");
  input.text += "!";
  await Promise.resolve();
  return {
    text: input.text.toUpperCase(),
    fence: context.fence,
    task: context.task,
    skill: context.skill,
    left: context.deadline_ms,
  };
};
