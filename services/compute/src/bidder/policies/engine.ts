import { no, yes } from "@shoal/core";
import { readParams } from "@shoal/proto";
import type { BidPolicy, Surroundings } from "./policy.ts";

/** The engine is here and can be used, and its params can be read. */
export const engine = ({ parts, availability }: Surroundings): BidPolicy => ({
  name: "engine",
  judge({ task: { engine: wanted } }) {
    const problem = availability.problem("executors", wanted.type);
    if (problem !== undefined) return no(`${wanted.type}: ${problem}`);
    const params = readParams(parts.executors.get(wanted.type).params, wanted.params);
    return params.ok ? yes() : no(`${wanted.type}: ${params.problems.join("; ")}`);
  },
});
