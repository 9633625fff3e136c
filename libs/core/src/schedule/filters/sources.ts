import { type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";
import { offers } from "../offers.ts";

/** The node has every source that the task's inputs name. */
export const sources: Policy<Candidate> = {
  name: "sources",
  judge({ wanted: { task }, info }) {
    const types = task.inputSources.map(({ source }) => source.type);
    const missing = types.find((type) => !offers("source", type, info.sources).fit);
    return missing === undefined ? yes() : offers("source", missing, info.sources);
  },
};
