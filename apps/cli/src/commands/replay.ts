import type { Anchor, ReplayReport } from "@shoal/requester";
import type { CommandPart } from "../command.ts";
import { CliError, exitOf } from "../failure.ts";
import { printJson } from "../output/print-json.ts";
import { logAccessOf, logOptions } from "../replay/log-access.ts";
import { replayOf } from "../replay/replay-of.ts";
import { reportLines } from "../replay/report-lines.ts";

const anchorForm = /^(\d{1,15}):([0-9a-f]{64})$/;

function readAnchor(text: string): string {
  if (anchorForm.test(text)) return text;
  const hint = "each replay prints an anchor";
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
  options: [
    ...logOptions,
    {
      flags: "--expect <position:hash>",
      summary: "an anchor printed by an earlier replay; fails unless the log still has it",
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
    const report = await replayOf(logAccessOf(call), anchor);
    if (context.output === "json") printJson(context.terminal, report);
    else context.terminal.out(`${reportLines(report).join("\n")}\n`);
    return exitCodeOf(report);
  },
};

/** The exit code of a report. A rebuild repairs views that differ, but not a log that is damaged or cannot be read. */
function exitCodeOf({ ok, problems, unreadable }: ReplayReport): number {
  if (ok) return 0;
  return problems.count + unreadable.count === 0 ? 1 : exitOf("LOG_DAMAGED");
}
