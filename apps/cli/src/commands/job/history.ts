import { readAnswer } from "@shoal/client";
import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { CliError } from "../../failure.ts";
import { historyColumns } from "../../output/history-columns.ts";
import { printJson } from "../../output/print-json.ts";
import { table } from "../../output/table.ts";
import { wholeHistory } from "../../output/whole-history.ts";

type EventType = "all" | "job" | "execution";
const eventTypes: readonly string[] = ["all", "job", "execution"] satisfies EventType[];
const isEventType = (text: string): text is EventType => eventTypes.includes(text);

export const history: CommandPart = {
  options: [
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
    const input = { id: job, namespace, eventType, executionId: options.text("executionId") };
    const entries = await wholeHistory(context.client(), input);
    if (context.output === "json") printJson(context.terminal, entries);
    else context.terminal.out(table(historyColumns, readAnswer(apiRoutes.jobHistory, { Items: entries }).items));
    return 0;
  },
};
