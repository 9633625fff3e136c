import type { CommandPart } from "../command.ts";
import { CliError } from "../failure.ts";
import { printJson } from "../output/print-json.ts";
import { logAccessOf, logOptions } from "../replay/log-access.ts";

export const repair: CommandPart = {
  options: [{ flags: "--accept-loss", summary: "continue without the lost events, and record that" }, ...logOptions],
  examples: ["shoal repair --accept-loss --nats nats://127.0.0.1:4222 --user requester"],
  async run(call) {
    const { context, options } = call;
    if (!options.flag("acceptLoss")) {
      const hint = "shoal replay shows the damage; restore the log's files from a backup if you can";
      throw new CliError("BAD_REQUEST", "--accept-loss is required", hint);
    }
    const { repairLog } = await import("@shoal/requester");
    const accepted = await repairLog(logAccessOf(call));
    if (context.output === "json") printJson(context.terminal, accepted);
    else context.terminal.out(`${lines(accepted).join("\n")}\n`);
    return 0;
  },
};

interface Accepted {
  readonly record: { readonly endsAt: number; readonly knownSeq: number };
  readonly removed: number;
}

function lines({ record: { endsAt, knownSeq }, removed }: Accepted): readonly string[] {
  const lost = knownSeq > endsAt ? `positions ${endsAt + 1} to ${knownSeq} are lost` : "no view has a later position";
  return [
    `the log ends at ${endsAt}: ${lost}; the loss is accepted and recorded`,
    `${removed} entries of views were ahead of the log and were removed; requesters rebuild the views from the log`,
    "start the requesters; nodes end executions that the log does not have",
  ];
}
