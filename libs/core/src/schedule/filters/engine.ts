import type { Policy } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";
import { offers } from "../offers.ts";

/** The node has the engine that the task names. */
export const engine: Policy<Candidate> = {
  name: "engine",
  evaluate: ({ requirements, info }) => offers("engine", requirements.engine.type, info.engines),
};
