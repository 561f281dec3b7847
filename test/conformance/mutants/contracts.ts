/** Peers that do not keep to contracts. */
import type { Mutant } from "./mutant.ts";

const ANSWERS = "protocols/claim/answers.ts";
const BIDDER = "protocols/auction/bidder.ts";
const PLACES = "protocols/auction/places.ts";
const CONTRACTS_TS = "protocols/directory/contracts.ts";
const FINDER = "protocols/directory/finder.ts";
const WORKS = "protocols/peer/works.ts";

export const CONTRACTS: readonly Mutant[] = [
  {
    clause: "DIR-13",
    does: "believes every card",
    file: FINDER,
    find: "    if (this.#dishonest(value, signer, from)) return;\n",
    put: "",
  },
  {
    clause: "DIR-13",
    does: "believes no card that says its contract",
    file: CONTRACTS_TS,
    find: "skill.contract !== undefined && skill.contract !== contractOf(skill, digestOf)",
    put: "skill.contract !== undefined",
  },
  {
    clause: "DIR-13",
    does: "takes the price for a part of the contract",
    file: CONTRACTS_TS,
    find: "    name,\n    effects,\n",
    put: "    name,\n    effects,\n    ...(skill.cost === 7 ? { cost: 7 } : {}),\n",
  },
  {
    clause: "AUCTION-19",
    does: "bids and works whatever contract is named",
    file: PLACES,
    find: "card.name === skill && (contract === undefined || card.contract === contract)",
    put: "card.name === skill && (contract === undefined || card !== undefined)",
  },
  {
    clause: "AUCTION-19",
    does: "bids whatever contract is named",
    file: PLACES,
    find: "if (this.#idle) return this.#room(cfp.skill, cfp.left_ms, cfp.contract);",
    put: "if (this.#idle) return this.#room(cfp.skill, cfp.left_ms, undefined);",
  },
  {
    clause: "AUCTION-19",
    does: "works whatever contract is named",
    file: WORKS,
    find: "      contract,\n",
    put: "",
  },
  {
    clause: "AUCTION-21",
    does: "commits its bids to nothing",
    file: BIDDER,
    find: "      ...(card.contract === undefined ? {} : { contract: card.contract }),\n",
    put: "",
  },
  {
    clause: "AUCTION-22",
    does: "awards to whoever commits to nothing",
    file: ANSWERS,
    find: "if (contract !== undefined && bid.contract !== contract)",
    put: "if (contract !== undefined && bid.contract !== undefined && bid.contract !== contract)",
  },
  {
    clause: "AUCTION-22",
    does: "awards to whoever commits to anything",
    file: ANSWERS,
    find: "if (contract !== undefined && bid.contract !== contract)",
    put: "if (contract !== undefined && bid.contract === undefined)",
  },
];
