import type { NounPart } from "../../command.ts";
import { status } from "./status.ts";
import { upgrade } from "./upgrade.ts";

/** Everything that can be done with the cluster as a whole. */
export const cluster: NounPart = {
  name: "cluster",
  summary: "look at the cluster and upgrade it",
  commands: [status, upgrade],
};
