import { type Policy, yes } from "../../policy.ts";
import type { RankedCandidate } from "../candidate.ts";
import { wishesMet } from "../constraints.ts";

// 10 for each wish, as the field does.
const weight = 10;

/** Prefers nodes that meet the job's soft constraints. */
export const wishes: Policy<RankedCandidate> = {
  name: "wishes",
  judge: ({ requirements, info }) => yes(weight * wishesMet(info.labels, requirements.constraints)),
};
