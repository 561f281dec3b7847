/** What a node keeps over a restart: one owner, every batch synced, damage noticed. */
export { STORE } from "./limits.ts";
export { locatedFact, openStore, type Store } from "./store.ts";
