import type { Anchor, ReplayReport } from "@shoal/requester";
import type { Call, CommandPart } from "../command.ts";
import { type KnownCluster, knownCluster } from "../devstack/known-cluster.ts";
import { usual } from "../devstack/settings.ts";
import { CliError, exitOf } from "../failure.ts";
import { printJson } from "../output/print-json.ts";
import { replayOf } from "../replay/replay-of.ts";
import { reportLines } from "../replay/report-lines.ts";

const anchorForm = /^(\d{1,15}):([0-9a-f]{64})$/;

function readAnchor(text: string): string {
  if (anchorForm.test(text)) return text;
  const hint = "a replay prints one behind the word anchor";
  throw new CliError(
    "BAD_REQUEST",
    `--expect: expected a position, a colon and 64 hexadecimal digits, got "${text}"`,
    hint,
  );
}

function anchorOf(text: string): Anchor {
  const [, seq = "", hash = ""] = anchorForm.exec(text) ?? [];
  return { seq: Number(seq), hash };
}

export const replay: CommandPart = {
  name: "replay",
  says: "verify the log and its chain of hashes, and compare every entry of the views with it; shoal rebuild repairs them",
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
    {
      flags: "--expect <position:hash>",
      says: "an anchor that an earlier replay printed and that was kept elsewhere: fails unless the log still has it",
      read: readAnchor,
    },
  ],
  examples: [
    "shoal replay",
    "shoal replay --nats nats://127.0.0.1:4222 --output json",
    "shoal replay --expect 1043:9f86…",
  ],
  async run(call) {
    const { context, options } = call;
    const expected = options.text("expect");
    const anchor = expected === undefined ? {} : { expect: anchorOf(expected) };
    const report = await replayOf(clusterOf(call), anchor);
    if (context.output === "json") printJson(context.terminal, report);
    else context.terminal.out(`${reportLines(report).join("\n")}\n`);
    return exitCodeOf(report);
  },
};

/** Views that differ are repaired by a rebuild; a log that cannot be read, or is damaged, is not. */
function exitCodeOf({ ok, problems, unreadable }: ReplayReport): number {
  if (ok) return 0;
  return problems.count + unreadable.count === 0 ? 1 : exitOf("LOG_DAMAGED");
}

/** The log that the flags, the environment or a data directory name. */
export function clusterOf({ context: { env }, options }: Call): KnownCluster {
  const natsUrl = options.text("nats") ?? env["SHOAL_NATS_URL"];
  if (natsUrl === undefined) return knownCluster(options.text("dataDir") ?? usual.dataDir);
  const user = options.text("user") ?? env["SHOAL_NATS_USER"] ?? "";
  const secret = { password: env["SHOAL_NATS_PASSWORD"] ?? "", passwordFile: env["SHOAL_NATS_PASSWORD_FILE"] ?? "" };
  return { natsUrl, user, ...secret };
}
