import { readAnswer } from "@shoal/client";
import { apiRoutes, type NodeEntity, shortId } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { listOf } from "../../output/answer.ts";
import { printJson } from "../../output/print-json.ts";
import { resourcesInWords } from "../../output/resource-words.ts";
import { stateColour } from "../../output/states.ts";
import { type Column, table } from "../../output/table.ts";
import { clockInWords } from "../../output/times.ts";

export const list: CommandPart = {
  options: [
    { flags: "--labels <selector>", summary: "only nodes whose labels match, as in a=b,c in (d,e)" },
    { flags: "--filter-approval <approval>", summary: "only nodes with this approval: approved, pending or rejected" },
    { flags: "--filter-status <status>", summary: "only nodes with this connection: connected or disconnected" },
  ],
  async run({ context, options }) {
    const { terminal, output } = context;
    const json = await (await context.client()).call(apiRoutes.listNodes, {
      labels: options.text("labels"),
      approval: options.text("filterApproval"),
      status: options.text("filterStatus"),
    });
    if (output === "json") {
      printJson(terminal, listOf(json, "Nodes"));
      return 0;
    }
    const paint = stateColour(terminal.colours);
    const columns: readonly Column<NodeEntity>[] = [
      { title: "ID", of: ({ info }) => shortId(info.nodeId) },
      { title: "TYPE", of: ({ info }) => info.nodeType },
      { title: "APPROVAL", of: ({ membership }) => membership },
      {
        title: "STATUS",
        of: ({ connectionState: { status }, drain, info }) =>
          [paint(status), ...(drain === undefined ? [] : [drainState(info.computeNodeInfo?.runningExecutions)])].join(
            ", ",
          ),
      },
      { title: "CLOCK", of: ({ connectionState }) => clockInWords(connectionState.clockOffsetMs) ?? "" },
      { title: "ENGINES", of: ({ info }) => info.computeNodeInfo?.executionEngines.join(",") ?? "" },
      { title: "SHARDS", of: ({ info }) => rangesOf(info.requesterNodeInfo?.shards ?? []) },
      { title: "RUNNING", of: ({ info }) => String(info.computeNodeInfo?.runningExecutions ?? "") },
      {
        title: "AVAILABLE",
        of: ({ info: { computeNodeInfo } }) =>
          computeNodeInfo === undefined ? "" : resourcesInWords(computeNodeInfo.availableCapacity),
      },
    ];
    terminal.out(table(columns, readAnswer(apiRoutes.listNodes, json).nodes));
    return 0;
  },
};

/** How far the drain of a node is, by the number of its executions. */
export const drainState = (running = 0): string => (running === 0 ? "drained" : "draining");

/** Formats ascending numbers as ranges: `0-3,7`. */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: { readonly from: number; readonly to: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last.to + 1) ranges[ranges.length - 1] = { from: last.from, to: number };
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}
