import type { NounPart } from "../../command.ts";

/** The commands on nodes. */
export const node: NounPart = {
  name: "node",
  summary: "show the machines of the cluster",
  commands: [
    {
      name: "list",
      summary: "list the nodes of the cluster",
      load: async () => (await import("./list.ts")).list,
    },
    {
      name: "describe",
      args: "<node>",
      summary: "show the details of a node",
      load: async () => (await import("./describe.ts")).describe,
    },
  ],
};
