import { type Policy, yes } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";
import { offers } from "../offers.ts";

/** The node has the publisher that the task names, if it names one. */
export const publisher: Policy<Candidate> = {
  name: "publisher",
  evaluate({ requirements: { publisher: required }, info }) {
    return required.type === "" ? yes() : offers("publisher", required.type, info.publishers);
  },
};
