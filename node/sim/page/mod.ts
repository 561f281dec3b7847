/** A run as a page for people: one file, which asks nothing of any network. */
export { pageOf } from "./page.ts";
