import { type Policy, yes } from "../../policy.ts";
import type { RankedCandidate } from "../candidate.ts";

// More than the sum of all other rankers: a retry goes to another node when one fits.
const weight = 1000;

/** Prefers nodes without failures of this job. */
export const avoidFailedNodes: Policy<RankedCandidate> = {
  name: "avoid-failed-nodes",
  evaluate: ({ failuresOn, info }) => yes(-weight * (failuresOn.get(info.nodeId) ?? 0)),
};
