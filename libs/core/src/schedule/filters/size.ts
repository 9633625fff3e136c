import { shortage } from "@shoal/proto";
import { no, type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";

/** One task of the job is within the node's limit per task, even on an idle node. */
export const size: Policy<Candidate> = {
  name: "size",
  evaluate({ requirements, info }) {
    const short = shortage(requirements.resources, info.perTask);
    return short === undefined ? yes() : no(`${short} at most`);
  },
};
