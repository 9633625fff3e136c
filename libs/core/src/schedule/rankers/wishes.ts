import { type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";
import { wishesMet } from "../constraints.ts";

// 10 for each wish, as the field does.
const weight = 10;

/** Prefers nodes that meet the job's soft constraints. */
export const wishes: Policy<Candidate> = {
  name: "wishes",
  judge: ({ wanted, info }) => yes(weight * wishesMet(info.labels, wanted.constraints)),
};
