import { shardCount } from "@shoal/proto";
import type { RebuildProgress, RebuildSummary } from "@shoal/requester";
import { type CommandPart, wholeNumber } from "../command.ts";
import { CliError, exitOf } from "../failure.ts";
import { printJson } from "../output/print-json.ts";
import { logAccessOf, logOptions } from "../replay/log-access.ts";
import { onLog } from "../replay/replay-of.ts";
import type { Terminal } from "../terminal.ts";

export const rebuild: CommandPart = {
  options: [
    ...logOptions,
    {
      flags: "--shard <number>",
      summary: "only this shard; all shards by default",
      read: wholeNumber("--shard", 0, shardCount - 1),
    },
  ],
  examples: ["shoal rebuild", "shoal rebuild jobs assignments", "shoal rebuild open --shard 3 --output json"],
  async run(call) {
    const { context, args, options } = call;
    const { terminal } = context;
    const shard = options.number("shard") ?? "all";
    const signal = context.interrupted();
    const summary = await onLog(logAccessOf(call), async (replay) => {
      const buckets = viewsOf(args, replay.buckets);
      const which = shard === "all" ? "all shards" : `shard ${shard}`;
      terminal.err(`rebuilding ${buckets.join(", ")} of ${which} from the log; requesters may keep running\n`);
      const progress = terminal.isPerson ? { onProgress: showOn(terminal) } : {};
      const done = await replay.rebuild({ shard, buckets, signal, ...progress });
      if (terminal.isPerson) terminal.err("\n");
      return done;
    }).catch((failure: unknown) => {
      if (!signal.aborted) throw failure;
      return undefined;
    });
    if (summary === undefined) {
      terminal.err("stopped; written entries stay, and the next rebuild writes the rest\n");
      return 1;
    }
    if (context.output === "json") printJson(terminal, summary);
    else terminal.out(`${summaryLines(summary).join("\n")}\n`);
    return summary.stopped === 0 ? 0 : exitOf("LOG_DAMAGED");
  },
};

function viewsOf(named: readonly string[], known: readonly string[]): readonly string[] {
  const unknown = named.find((each) => !known.includes(each));
  if (unknown === undefined) return named.length === 0 ? known : [...new Set(named)];
  throw new CliError("BAD_REQUEST", `expected views among ${known.join(", ")}, got "${unknown}"`, "");
}

const showOn =
  (terminal: Terminal) =>
  ({ seq, upTo, written, removed }: RebuildProgress): void => {
    const share = upTo === 0 ? 100 : Math.min(100, Math.floor((seq / upTo) * 100));
    terminal.err(`\rposition ${seq} of ${upTo} (${share} %), ${written} written, ${removed} removed`);
  };

function summaryLines({ upTo, written, removed, unchanged, stopped }: RebuildSummary): readonly string[] {
  return [
    `${written} entries written, ${removed} removed, ${unchanged} unchanged; the views follow the log up to position ${upTo}`,
    ...(stopped === 0
      ? []
      : [
          `${stopped} aggregates cannot be read to their end: their entries show the state up to there`,
          "next: shoal replay lists them",
        ]),
  ];
}
