import type { NounPart } from "../../command.ts";
import { describe } from "./describe.ts";
import { list } from "./list.ts";

/** The commands on nodes. */
export const node: NounPart = {
  name: "node",
  summary: "show the machines of the cluster",
  commands: [list, describe],
};
