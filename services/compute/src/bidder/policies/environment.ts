import { no, yes } from "@shoal/core";
import { hostVariableOf } from "../../runner/prepare/environment.ts";
import type { BidPolicy, Surroundings } from "./policy.ts";

/** Every variable that the task wants of the host is allowed and set. */
export const environment = ({ hostVariable }: Surroundings): BidPolicy => ({
  name: "environment",
  judge({ task: { env } }) {
    const wanted = Object.values(env).flatMap((value) => hostVariableOf(value) ?? []);
    const missing = wanted.find((name) => hostVariable(name) === undefined);
    return missing === undefined
      ? yes()
      : no(`the host's variable ${missing} is not set, or not in this node's env.allow`);
  },
});
