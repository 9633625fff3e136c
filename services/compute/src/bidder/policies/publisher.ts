import { no, yes } from "@shoal/core";
import { readParams } from "@shoal/proto";
import type { BidPolicy, Surroundings } from "./policy.ts";

/** The publisher, where the task names one, is here and can be used, and its params can be read. */
export const publisher = ({ parts, availability }: Surroundings): BidPolicy => ({
  name: "publisher",
  judge({ task: { publisher: wanted } }) {
    if (wanted.type === "") return yes();
    const problem = availability.problem("publishers", wanted.type);
    if (problem !== undefined) return no(`${wanted.type}: ${problem}`);
    const params = readParams(parts.publishers.get(wanted.type).params, wanted.params);
    return params.ok ? yes() : no(`${wanted.type}: ${params.problems.join("; ")}`);
  },
});
