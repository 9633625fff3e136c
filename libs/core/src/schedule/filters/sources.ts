import { type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";
import { offers } from "../offers.ts";

/** The node has every source that the task's inputs name. */
export const sources: Policy<Candidate> = {
  name: "sources",
  evaluate({ requirements, info }) {
    const missing = requirements.sources.find(({ type }) => !offers("source", type, info.sources).fit);
    return missing === undefined ? yes() : offers("source", missing.type, info.sources);
  },
};
