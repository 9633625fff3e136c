import type { NounPart } from "../../command.ts";

/** The commands on nodes. */
export const node: NounPart = {
  name: "node",
  summary: "inspect the machines of the cluster, and drain or exclude them",
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
    {
      name: "history",
      args: "<node>",
      summary: "show what happened to a node, and what caused it",
      load: async () => (await import("./history.ts")).history,
    },
    {
      name: "approve",
      args: "<node>",
      summary: "let a node that waits or was rejected work",
      load: async () => (await import("./update.ts")).approve,
    },
    {
      name: "reject",
      args: "<node>",
      summary: "exclude a node: its work moves to other nodes",
      load: async () => (await import("./update.ts")).reject,
    },
    {
      name: "delete",
      args: "<node>",
      summary: "forget a node, with the results stored on it; it joins as a new one if it still runs",
      load: async () => (await import("./update.ts")).remove,
    },
    {
      name: "drain",
      args: "<node>",
      summary: "give a node no new work, and move or finish what it has",
      load: async () => (await import("./update.ts")).drain,
    },
    {
      name: "undrain",
      args: "<node>",
      summary: "give a drained node work again",
      load: async () => (await import("./update.ts")).undrain,
    },
  ],
};
