import { type CommandPart, type Invocation, repeatable, wholeNumber } from "../command.ts";
import { banner } from "../devstack/banner.ts";
import type { MemberNews } from "../devstack/member.ts";
import { type DevstackSettings, defaults, membersMax } from "../devstack/settings.ts";
import { startDevstack } from "../devstack/start-devstack.ts";
import { compactHeap } from "../process/compact-heap.ts";
import { listenForQuit } from "../process/quit.ts";
import { settingsOf } from "../serve/given.ts";

const port = (flag: string) => wholeNumber(flag, 0, 65_535);

export const devstack: CommandPart = {
  options: [
    {
      flags: "--requesters <number>",
      summary: "number of requesters",
      read: wholeNumber("--requesters", 1, membersMax),
      fallback: defaults.requesters,
    },
    {
      flags: "--nodes <number>",
      summary: "number of compute nodes",
      read: wholeNumber("--nodes", 0, membersMax),
      fallback: defaults.nodes,
    },
    {
      flags: "--port <port>",
      summary: "port of the first requester's API; the others use the next ports; 0 takes free ports",
      read: port("--port"),
      fallback: defaults.port,
    },
    {
      flags: "--nats-port <port>",
      summary: "port of the NATS server; 0 takes a free port",
      read: port("--nats-port"),
      fallback: defaults.natsPort,
    },
    {
      flags: "--data-dir <folder>",
      summary: "folder for the data of the cluster",
      fallback: defaults.dataDir,
    },
    { flags: "--no-restart", summary: "do not restart processes that die" },
    { flags: "--json", summary: "print only one line of JSON, when the cluster is ready" },
    {
      flags: "--node-config <path=value>",
      summary: "a setting of every compute node; may be repeated",
      read: repeatable,
    },
    {
      flags: "--requester-config <path=value>",
      summary: "a setting of every requester; may be repeated",
      read: repeatable,
    },
  ],
  examples: [
    "shoal devstack",
    "shoal devstack --requesters 1 --nodes 5 --port 0 --nats-port 0 --json",
    "shoal devstack --node-config 'allowListedLocalPaths=/data/**:ro'",
  ],
  async run(call) {
    const { terminal } = call.context;
    const settings = settingsFrom(call);
    const quit = listenForQuit();
    // The processes end when their channel to this one closes.
    quit.forced.then(() => process.exit(130));
    const stop = new AbortController();
    quit.asked.then(() => stop.abort());
    const cluster = await startDevstack(settings, {
      onNews: (news) => printNews(call, news),
      signal: stop.signal,
    }).catch((failure: unknown) => {
      // A stop was requested during the start: this is its regular end.
      if (!stop.signal.aborted) throw failure;
    });
    if (cluster === undefined) return 0;
    const json = call.options.flag("json");
    terminal.out(json ? `${JSON.stringify(cluster.facts)}\n` : banner(cluster.facts, settings, terminal.colours));
    compactHeap();
    await quit.asked;
    if (!json) terminal.err("\nStopping: nodes, requesters, then the log.\n");
    await cluster.stop();
    return 0;
  },
};

function settingsFrom({ options }: Invocation): DevstackSettings {
  return {
    requesters: options.number("requesters") ?? defaults.requesters,
    nodes: options.number("nodes") ?? defaults.nodes,
    port: options.number("port") ?? defaults.port,
    natsPort: options.number("natsPort") ?? defaults.natsPort,
    dataDir: options.text("dataDir") ?? defaults.dataDir,
    restart: options.flag("restart"),
    nodeSettings: settingsOf(options.list("nodeConfig")),
    requesterSettings: settingsOf(options.list("requesterConfig")),
  };
}

function printNews({ context: { terminal } }: Invocation, { name, what, why }: MemberNews): void {
  terminal.err(what === "died" ? `${name} died (${why})\n` : `${name} is back (${why})\n`);
}
