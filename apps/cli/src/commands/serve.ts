import type { ServiceHealth } from "@shoal/node";
import type { CommandPart, Invocation } from "../command.ts";
import { repeatable } from "../command.ts";
import { CliError, exitOf, failureInWords } from "../failure.ts";
import { notifyParent } from "../process/parent.ts";
import { listenForQuit } from "../process/quit.ts";
import { createSupervisor } from "../process/supervisor.ts";
import { givenOf } from "../serve/given.ts";
import { type Role, roles, startRole } from "../serve/roles.ts";

// The time limit of an orderly stop, below the promised 3 s; then the process exits.
const endMs = 2_700;
// Without its devstack the NATS server ends as well: an orderly stop has little left to do.
const orphanedMs = 2_000;

export const serve: CommandPart = {
  options: [
    { flags: "--requester", summary: "run a requester: it owns the log, schedules, and serves the API" },
    { flags: "--compute", summary: "run a compute node: it bids for executions and runs them" },
    { flags: "--nats <url>", summary: "the NATS server that holds the log (the setting nats.url)" },
    { flags: "--config <file>", summary: "read settings from a YAML or JSON file" },
    {
      flags: "-c <path=value>",
      summary: "a setting; may be repeated, and overrides file and environment",
      read: repeatable,
    },
  ],
  examples: [
    "shoal serve --requester -c http.port=1234 --nats nats://127.0.0.1:4222",
    "shoal serve --compute -c labels=zone=a -c capacity.memory=8GiB",
  ],
  async run(call) {
    const role = roleOf(call);
    const quit = listenForQuit();
    quit.asked.then(() => endWithin(endMs));
    quit.orphaned.then(() => endWithin(orphanedMs));
    quit.forced.then(() => process.exit(130));
    const given = await givenOf(call);
    const supervisor = createSupervisor(call.context.env);
    quit.asked.then(() => supervisor.stopping());
    const onReady = (facts: object, health: () => ServiceHealth) => {
      supervisor.ready(health);
      void announceReady(call, facts);
    };
    try {
      await startRole(role, { given, quit: quit.asked, onReady });
    } catch (failure) {
      await notifyParent({ type: "failed", ...failureInWords(failure) });
      // The service has logged the failure as JSON; this is the text for a terminal.
      if (call.context.terminal.isPerson) throw failure;
      return exitOf(failure);
    }
    return 0;
  },
};

const endWithin = (ms: number): void => void setTimeout(() => process.exit(1), ms).unref();

function roleOf({ options }: Invocation): Role {
  const [role, ...more] = roles.filter((name) => options.flag(name));
  if (role !== undefined && more.length === 0) return role;
  const got = role === undefined ? "neither" : "both";
  throw new CliError("BAD_REQUEST", `expected --requester or --compute, got ${got}`, "a process has one role");
}

async function announceReady({ context }: Invocation, facts: object): Promise<void> {
  // The log has this as JSON too; a log collector gets JSON only.
  if (process.send === undefined && context.terminal.isPerson) context.terminal.err(`ready ${JSON.stringify(facts)}\n`);
  await notifyParent({ type: "ready", facts: { ...facts } });
}
