import { no, yes } from "@shoal/core";
import { placesProblem } from "../../runner/prepare/plain.ts";
import type { BidPolicy } from "./policy.ts";

/** Targets and results have plain names and paths, which lead nowhere else. */
export const places = (): BidPolicy => ({
  name: "places",
  evaluate({ requirements: { sources, resultPaths } }) {
    const problem = placesProblem({ inputSources: sources, resultPaths });
    return problem === undefined ? yes() : no(problem);
  },
});
