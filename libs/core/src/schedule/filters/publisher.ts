import { type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";
import { offers } from "../offers.ts";

/** The node has the publisher that the task names, if it names one. */
export const publisher: Policy<Candidate> = {
  name: "publisher",
  judge({ wanted: { task }, info }) {
    return task.publisher.type === "" ? yes() : offers("publisher", task.publisher.type, info.publishers);
  },
};
