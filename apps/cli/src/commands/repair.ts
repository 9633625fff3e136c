import type { CommandPart } from "../command.ts";
import { CliError } from "../failure.ts";
import { printJson } from "../output/print-json.ts";
import { logAccessOf, logOptions } from "../replay/log-access.ts";

export const repair: CommandPart = {
  name: "repair",
  summary: "make a cluster start again on an event log whose end was lost; stop all requesters first",
  options: [{ flags: "--accept-loss", summary: "go on without what is lost, and record that" }, ...logOptions],
  examples: ["shoal repair --accept-loss --nats nats://127.0.0.1:4222 --user requester"],
  async run(call) {
    const { context, options } = call;
    if (!options.flag("acceptLoss")) {
      const hint = "shoal replay shows what is wrong; bring the log's files back from a backup if you can";
      throw new CliError("BAD_REQUEST", "expected --accept-loss, got nothing to repair", hint);
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
  const lost =
    knownSeq > endsAt
      ? `positions ${endsAt + 1} to ${knownSeq} are lost`
      : "views and their positions know no later position";
  return [
    `the log ends at ${endsAt}: ${lost}, and that is accepted and recorded`,
    `${removed} entries of views were ahead of the log and removed; requesters make the views again from the log`,
    "start the requesters; an execution that the log does not know ends on its node",
  ];
}
