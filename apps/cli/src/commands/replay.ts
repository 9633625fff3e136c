import type { Call, CommandPart } from "../command.ts";
import { type KnownCluster, knownCluster } from "../devstack/known-cluster.ts";
import { usual } from "../devstack/settings.ts";
import { printJson } from "../output/print-json.ts";
import { replayOf } from "../replay/replay-of.ts";
import { reportLines } from "../replay/report-lines.ts";

export const replay: CommandPart = {
  name: "replay",
  says: "rebuild all views from the log alone, compare them with the kept ones, and verify the chain of hashes",
  options: [
    { flags: "--nats <url>", says: "the NATS server that holds the log (SHOAL_NATS_URL)" },
    {
      flags: "--user <name>",
      says: "user name there (SHOAL_NATS_USER; its password is SHOAL_NATS_PASSWORD, or in SHOAL_NATS_PASSWORD_FILE)",
    },
    {
      flags: "--data-dir <folder>",
      says: "the devstack whose log it is, when no server is named",
      fallback: usual.dataDir,
    },
  ],
  examples: ["shoal replay", "shoal replay --nats nats://127.0.0.1:4222 --output json"],
  async run(call) {
    const { context } = call;
    const report = await replayOf(clusterOf(call));
    if (context.output === "json") printJson(context.terminal, report);
    else context.terminal.out(`${reportLines(report).join("\n")}\n`);
    return report.ok ? 0 : 1;
  },
};

function clusterOf({ context: { env }, options }: Call): KnownCluster {
  const natsUrl = options.text("nats") ?? env["SHOAL_NATS_URL"];
  if (natsUrl === undefined) return knownCluster(options.text("dataDir") ?? usual.dataDir);
  const user = options.text("user") ?? env["SHOAL_NATS_USER"] ?? "";
  const secret = { password: env["SHOAL_NATS_PASSWORD"] ?? "", passwordFile: env["SHOAL_NATS_PASSWORD_FILE"] ?? "" };
  return { natsUrl, user, ...secret };
}
