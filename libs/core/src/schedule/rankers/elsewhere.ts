import { type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";

// More than all other rankers together can give: a retry goes to a fresh node when there is one.
const weight = 1000;

/** Prefers nodes on which nothing of this job has failed. */
export const elsewhere: Policy<Candidate> = {
  name: "elsewhere",
  judge: ({ wanted, info }) => yes(-weight * (wanted.failuresOn.get(info.nodeId) ?? 0)),
};
