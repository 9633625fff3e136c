import { no, type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";
import { unmetBy } from "../constraints.ts";

/** The node's labels meet the job's constraints. */
export const labels: Policy<Candidate> = {
  name: "labels",
  evaluate({ requirements, info }) {
    const unmet = unmetBy(info.labels, requirements.constraints);
    return unmet === undefined ? yes() : no(unmet);
  },
};
