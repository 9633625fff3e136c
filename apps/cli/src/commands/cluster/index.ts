import type { NounPart } from "../../command.ts";
import { status } from "./status.ts";
import { upgrade } from "./upgrade.ts";

/** The commands on the cluster. */
export const cluster: NounPart = {
  name: "cluster",
  summary: "show the status of the cluster, and upgrade it",
  commands: [status, upgrade],
};
