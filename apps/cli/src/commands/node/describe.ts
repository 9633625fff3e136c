import { readAnswer } from "@shoal/client";
import { apiRoutes, type NodeEntity } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { fieldOf } from "../../output/answer.ts";
import { printJson } from "../../output/print-json.ts";
import { resourcesInWords } from "../../output/resource-words.ts";
import { oneLine } from "../../output/safe-text.ts";
import { ago, clockInWords } from "../../output/times.ts";
import { drainState } from "./list.ts";

export const describe: CommandPart = {
  async run({ context, args: [id = ""] }) {
    const json = await (await context.client()).call(apiRoutes.getNode, { id });
    if (context.output === "json") printJson(context.terminal, fieldOf(json, "Node"));
    else context.terminal.out(pageOf(readAnswer(apiRoutes.getNode, json).node));
    return 0;
  },
};

function pageOf({ info, membership, membershipMessage, drain, connectionState }: NodeEntity): string {
  const compute = info.computeNodeInfo;
  const labels = Object.entries(info.labels).map(([key, value]) => `${key}=${value}`);
  const rows: readonly (readonly [string, string | undefined])[] = [
    ["ID", info.nodeId],
    ["Type", info.nodeType],
    ["Approval", membershipMessage === undefined ? membership : `${membership}: ${membershipMessage}`],
    ["Drain", drain && drainInWords(drain, compute?.runningExecutions)],
    ["Status", connectionState.status],
    ["Last heartbeat", ago(connectionState.lastHeartbeat, Date.now())],
    ["Last error", connectionState.lastError],
    ["Clock", clockInWords(connectionState.clockOffsetMs)],
    ["Version", info.bacalhauVersion.gitVersion],
    ["Labels", labels.join(", ")],
    ["Engines", compute?.executionEngines.join(", ")],
    ["Sources", compute?.storageSources.join(", ")],
    ["Publishers", compute?.publishers.join(", ")],
    ["Capacity", compute && resourcesInWords(compute.maxCapacity)],
    ["Available", compute && resourcesInWords(compute.availableCapacity)],
    ["Largest task", compute && resourcesInWords(compute.maxJobRequirements)],
    ["Running", compute && String(compute.runningExecutions)],
  ];
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== "");
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)} = ${oneLine(value)}\n`).join("");
}

function drainInWords(
  { mode, deadline, message }: NonNullable<NodeEntity["drain"]>,
  running: number | undefined,
): string {
  const what = mode === "move" ? "its work moves" : `its work may finish until ${new Date(deadline).toISOString()}`;
  return `${drainState(running)}, ${what}${message === "" ? "" : `: ${message}`}`;
}
