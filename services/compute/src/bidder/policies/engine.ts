import { no, yes } from "@shoal/core";
import { readParams } from "@shoal/proto";
import type { BidContext, BidPolicy } from "./policy.ts";

/** The node has the engine, the engine is available, and its params are valid. */
export const engine = ({ parts, availability }: BidContext): BidPolicy => ({
  name: "engine",
  evaluate({ requirements: { engine: required } }) {
    const problem = availability.problem("executors", required.type);
    if (problem !== undefined) return no(`${required.type}: ${problem}`);
    if (required.params === undefined) return yes();
    const executor = parts.executors.get(required.type);
    const params = readParams(executor.params, required.params);
    if (!params.ok) return no(`${required.type}: ${params.problems.join("; ")}`);
    if (executor.refuses === undefined) return yes();
    return executor.refuses(params.value).then((why) => (why === undefined ? yes() : no(`${required.type}: ${why}`)));
  },
});
