/** Permissions on a running node: its certificate, admission of others, and the files and keys that people handle. */

export { type Keys, keysOf, type MemberRow, needRoots, noticeOf } from "./keys.ts";
export { Membership } from "./membership.ts";
