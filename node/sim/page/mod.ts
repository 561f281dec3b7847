/** A run, or a study of many, as a page for people: one file, which asks nothing of any network. */
export { pageOf } from "./page.ts";
export type { Plot } from "./plot.ts";
export { studyPage } from "./study.ts";
