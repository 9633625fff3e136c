import { type Policy, yes } from "../../policy.ts";
import type { RankedCandidate } from "../candidate.ts";

// More than all other rankers together can give: a retry goes to a fresh node when there is one.
const weight = 1000;

/** Prefers nodes on which nothing of this job has failed. */
export const avoidFailedNodes: Policy<RankedCandidate> = {
  name: "elsewhere",
  evaluate: ({ failuresOn, info }) => yes(-weight * (failuresOn.get(info.nodeId) ?? 0)),
};
