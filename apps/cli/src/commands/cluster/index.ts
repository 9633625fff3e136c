import type { NounPart } from "../../command.ts";

/** The commands on the cluster. */
export const cluster: NounPart = {
  name: "cluster",
  summary: "show the status of the cluster, and upgrade it",
  commands: [
    {
      name: "status",
      summary: "show the feature level, the releases, and quarantined aggregates",
      load: async () => (await import("./status.ts")).status,
    },
    {
      name: "upgrade",
      summary: "finish an upgrade once every requester runs the new release; no downgrade afterwards",
      load: async () => (await import("./upgrade.ts")).upgrade,
    },
  ],
};
