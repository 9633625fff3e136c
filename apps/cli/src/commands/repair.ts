import type { CommandPart } from "../command.ts";
import { usual } from "../devstack/settings.ts";
import { CliError } from "../failure.ts";
import { printJson } from "../output/print-json.ts";
import { clusterOf } from "./replay.ts";

export const repair: CommandPart = {
  name: "repair",
  says: "make a cluster start again on an event log whose end was lost; stop all requesters first",
  options: [
    { flags: "--accept-loss", says: "go on without what is lost, and record that" },
    { flags: "--nats <url>", says: "the NATS server that holds the log (SHOAL_NATS_URL)" },
    { flags: "--user <name>", says: "user name there (SHOAL_NATS_USER; its password is SHOAL_NATS_PASSWORD)" },
    {
      flags: "--data-dir <folder>",
      says: "the devstack whose log it is, when no server is named",
      fallback: usual.dataDir,
    },
  ],
  examples: ["shoal repair --accept-loss --nats nats://127.0.0.1:4222 --user requester"],
  async run(call) {
    const { context, options } = call;
    if (!options.flag("acceptLoss")) {
      const hint = "shoal replay shows what is wrong; bring the log's files back from a backup if you can";
      throw new CliError("BAD_REQUEST", "expected --accept-loss, got nothing to repair", hint);
    }
    const { natsUrl, user, password, passwordFile = "" } = clusterOf(call);
    const { repairLog } = await import("@shoal/requester");
    const secret = { "nats.password": password, "nats.passwordFile": passwordFile };
    const flags = { "nats.url": natsUrl, "nats.user": user, ...secret };
    const accepted = await repairLog({ env: {}, flags });
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
      : "views and checkpoints know no later position";
  return [
    `the log ends at ${endsAt}: ${lost}, and that is accepted and recorded`,
    `${removed} entries of views were ahead of the log and removed; requesters make the views again from the log`,
    "start the requesters; an execution that the log does not know ends on its node",
  ];
}
