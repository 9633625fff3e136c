import { readAnswer } from "@shoal/client";
import { apiRoutes, type NodeHistoryEntity } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { listOf, textOf } from "../../output/answer.ts";
import { printJson } from "../../output/print-json.ts";
import { oneLine } from "../../output/safe-text.ts";
import { type Column, table } from "../../output/table.ts";
import { fullTime } from "../../output/times.ts";

// Entries on a page: the default of the API.
const pageEntries = 100;

export const history: CommandPart = {
  examples: ["shoal node history n-1234abcd"],
  async run({ context, args: [id = ""] }) {
    const client = await context.client();
    const entries: unknown[] = [];
    let nextToken = "";
    do {
      const json = await client.call(apiRoutes.nodeHistory, { id, limit: pageEntries, nextToken });
      entries.push(...listOf(json, "Items"));
      nextToken = textOf(json, "NextToken");
    } while (nextToken !== "");
    if (context.output === "json") printJson(context.terminal, entries);
    else context.terminal.out(table(columns, readAnswer(apiRoutes.nodeHistory, { Items: entries }).items));
    return 0;
  },
};

const columns: readonly Column<NodeHistoryEntity>[] = [
  { title: "TIME", of: ({ time }) => fullTime(time) },
  { title: "BY", of: ({ actor, nodeId }) => byOf(actor, nodeId) },
  { title: "EVENT", of: ({ event }) => oneLine(event.message) },
];

const byOf = ({ type, id }: NodeHistoryEntity["actor"], nodeId: string): string =>
  type === "node" && id === nodeId ? "node" : oneLine(`${type} ${id}`.trim());
