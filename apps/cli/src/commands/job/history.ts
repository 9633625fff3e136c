import { type Client, readAnswer } from "@shoal/client";
import { apiRoutes, type InputOf } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { CliError } from "../../failure.ts";
import { listOf, textOf } from "../../output/answer.ts";
import { historyColumns } from "../../output/history-columns.ts";
import { printJson } from "../../output/print-json.ts";
import { table } from "../../output/table.ts";
import { versionOptions, versionsOf } from "./version-options.ts";

type EventType = "all" | "job" | "execution";
const eventTypes: readonly string[] = ["all", "job", "execution"] satisfies EventType[];
const isEventType = (text: string): text is EventType => eventTypes.includes(text);

export const history: CommandPart = {
  options: [
    ...versionOptions,
    { flags: "--event-type <type>", summary: "all, job or execution", fallback: "all" },
    { flags: "--execution-id <id>", summary: "only this execution; a prefix of its id is enough" },
  ],
  async run({ context, args: [job = ""], options }) {
    const eventType = options.text("eventType") ?? "all";
    if (!isEventType(eventType)) {
      throw new CliError(
        "BAD_REQUEST",
        `--event-type: expected one of ${eventTypes.join(", ")}, got "${eventType}"`,
        "",
      );
    }
    const { namespace } = context;
    const input = { ...versionsOf(options), id: job, namespace, eventType, executionId: options.text("executionId") };
    const entries = await wholeHistory(await context.client(), input);
    if (context.output === "json") printJson(context.terminal, entries);
    else context.terminal.out(table(historyColumns, readAnswer(apiRoutes.jobHistory, { Items: entries }).items));
    return 0;
  },
};

// Entries on a page: the default of the API.
const pageEntries = 100;

/** All current entries of a job's history, as the API sends them. A running job always has a next page; an empty page is the end. */
async function wholeHistory(client: Client, input: InputOf<typeof apiRoutes.jobHistory>): Promise<readonly unknown[]> {
  const entries: unknown[] = [];
  let nextToken: string | undefined;
  do {
    const json = await client.call(apiRoutes.jobHistory, { limit: pageEntries, ...input, nextToken });
    const items = listOf(json, "Items");
    entries.push(...items);
    nextToken = items.length === 0 ? "" : textOf(json, "NextToken");
  } while (nextToken !== "");
  return entries;
}
