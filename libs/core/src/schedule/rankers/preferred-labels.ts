import { type Policy, yes } from "../../policy.ts";
import type { RankedCandidate } from "../candidate.ts";
import { preferencesMet } from "../constraints.ts";

// 10 for each preference, as in Bacalhau.
const weight = 10;

/** Prefers nodes that meet the job's soft constraints. */
export const preferredLabels: Policy<RankedCandidate> = {
  name: "preferred-labels",
  evaluate: ({ requirements, info }) => yes(weight * preferencesMet(info.labels, requirements.constraints)),
};
