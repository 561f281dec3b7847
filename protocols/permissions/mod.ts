/** Permissions: grants, what they are worth, how they end, and the warden that a peer asks. */

export { type Act, type Bounds, bounds } from "./bounds.ts";
export { covers, expanded, isCommand } from "./commands.ts";
export {
  chainSeals,
  charsOf,
  type GrantDocument,
  grantDocument,
  type RevocationDocument,
  revocationDocument,
} from "./documents.ts";
export { PERMISSIONS } from "./limits.ts";
export { endOf, type Revocation, Revocations } from "./revocations.ts";
export { type Circumstances, type Grant, holds, type Rights, type Verdict, verify, type Why } from "./verify.ts";
export { type PermissionOptions, Warden } from "./warden.ts";
