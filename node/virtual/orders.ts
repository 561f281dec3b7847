/** What a run and the thread it runs in say to each other. Both are of one build, so what is said is trusted. */
import type { Act, Scenario } from "../../sim/mod.ts";
import type { RealReport } from "./report.ts";

export interface Order {
  readonly scenario: Scenario;
  /** For the disks of the nodes; the one who orders makes it and takes it away. */
  readonly folder: string;
  readonly trace: boolean;
  readonly acts: readonly Act[];
}

export type Reply =
  | { readonly type: "reached"; readonly virtual_ms: number; readonly tasks_decided: number }
  | { readonly type: "done"; readonly report: RealReport }
  | { readonly type: "failed"; readonly message: string; readonly stack: string };
