import { readAnswer } from "@shoal/client";
import { apiRoutes, type ClusterEntity } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { printJson } from "../../output/print-json.ts";
import { type Column, table } from "../../output/table.ts";
import { rangesOf } from "../node/list.ts";

type ClusterItem<K extends "requesters" | "nodes" | "shards" | "quarantined"> = ClusterEntity[K][number];

const requesters: readonly Column<ClusterItem<"requesters">>[] = [
  { title: "REQUESTER", of: ({ id }) => id },
  { title: "VERSION", of: ({ version }) => version },
  { title: "FEATURE LEVEL", of: ({ featureLevel }) => `${featureLevel}` },
  { title: "SHARDS", of: ({ shards }) => rangesOf(shards) },
];
const nodes: readonly Column<ClusterItem<"nodes">>[] = [
  { title: "NODE", of: ({ id }) => id },
  { title: "VERSION", of: ({ version }) => version },
  { title: "PROTOCOL LEVEL", of: ({ protocolLevel }) => `${protocolLevel}` },
];
const shards: readonly Column<ClusterItem<"shards">>[] = [
  { title: "SHARD", of: ({ shard }) => `${shard}` },
  { title: "IN MEMORY", of: ({ aggregates }) => `${aggregates}` },
  { title: "QUARANTINED", of: ({ quarantined }) => `${quarantined}` },
  { title: "REBUILDING", of: ({ rebuilding }) => rebuilding.join(",") },
];
const quarantined: readonly Column<ClusterItem<"quarantined">>[] = [
  { title: "QUARANTINED", of: ({ kind, id }) => `${kind} ${id}` },
  { title: "NAMESPACE", of: ({ namespace }) => namespace },
  { title: "POSITION", of: ({ position }) => `${position}` },
  { title: "REASON", of: ({ code, reason }) => `${code}: ${reason}` },
];

export const status: CommandPart = {
  async run({ context }) {
    const { output, terminal } = context;
    const json = await (await context.client()).call(apiRoutes.clusterStatus, {});
    if (output === "json") {
      printJson(terminal, json);
      return 0;
    }
    terminal.out(clusterInWords(readAnswer(apiRoutes.clusterStatus, json)));
    return 0;
  },
};

/** The status as text; omits tables without rows. */
export function clusterInWords(cluster: ClusterEntity): string {
  const { lowest, highest } = cluster.protocolLevels;
  const head = `Feature level ${cluster.featureLevel}; nodes of protocol level ${lowest} to ${highest} get work.\n`;
  const whole = (rows: number, text: () => string) => (rows === 0 ? "" : `\n${text()}`);
  return [
    head,
    whole(cluster.requesters.length, () => table(requesters, cluster.requesters)),
    whole(cluster.nodes.length, () => table(nodes, cluster.nodes)),
    whole(cluster.shards.length, () => `Shards of ${cluster.answeredBy}\n${table(shards, cluster.shards)}`),
    whole(cluster.quarantined.length, () => table(quarantined, cluster.quarantined)),
  ].join("");
}
