import type { NounPart } from "../../command.ts";
import { describe } from "./describe.ts";
import { list } from "./list.ts";

/** Everything that can be done with nodes. */
export const node: NounPart = {
  name: "node",
  summary: "look at the machines of the cluster",
  commands: [list, describe],
};
