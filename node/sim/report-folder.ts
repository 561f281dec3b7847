/** Where pages go. */
import { accessSync, constants } from "node:fs";
import { Fault, messageOf } from "../fault.ts";
import { makeFolder } from "../folder.ts";

/** Throws Fault "usage" before anything is run for pages that nobody could write. */
export function makeReportFolder(path: string): void {
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK);
  } catch (error) {
    const remedy = "name a folder that this user can write to";
    throw new Fault("usage", `cannot write into ${path}: ${messageOf(error)}`, { remedy, cause: error });
  }
}
