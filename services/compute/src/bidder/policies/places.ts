import { no, yes } from "@shoal/core";
import { placesProblem } from "../../runner/prepare/plain.ts";
import type { BidPolicy } from "./policy.ts";

/** Targets and results have valid names and paths without traversal. */
export const places = (): BidPolicy => ({
  name: "places",
  evaluate({ requirements: { sources, resultPaths } }) {
    const problem = placesProblem({ inputSources: sources, resultPaths });
    return problem === undefined ? yes() : no(problem);
  },
});
