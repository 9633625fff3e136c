import { type Policy, yes } from "../../policy.ts";
import type { RankedCandidate } from "../candidate.ts";

// 0 to 80, Bacalhau's weight of free capacity: more than any ranker but avoid-failed-nodes, so that work spreads.
const weight = 80;

/** Prefers the node with the larger free share of the task's scarcest resource. */
export const spread: Policy<RankedCandidate> = {
  name: "spread",
  evaluate({ info: { available, capacity } }) {
    const share = (free: number, all: number) => (all > 0 ? free / all : 1);
    return yes(
      weight *
        Math.min(share(available.cpuCores, capacity.cpuCores), share(available.memoryBytes, capacity.memoryBytes)),
    );
  },
};
