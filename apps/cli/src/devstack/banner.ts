import { counted } from "../output/counted.ts";
import { paint } from "../output/paint.ts";
import type { DevstackFacts } from "./known-cluster.ts";
import type { DevstackSettings } from "./settings.ts";

// The default endpoint of the command line.
const defaultApi = "http://127.0.0.1:1234";

const commands = [
  ["npx shoal node list", "the machines of the cluster"],
  ["npx shoal job run examples/hello.yaml", "run a job and watch it"],
  ["npx shoal events", "follow the events of the cluster"],
] as const;

/** The text shown when the cluster is up: its addresses, and the next three commands. */
export function banner(facts: DevstackFacts, { nodes, requesters }: DevstackSettings, colours: boolean): string {
  const { bold, cyan, dim } = paint(colours);
  const { api, nats, dataDir } = facts;
  const width = Math.max(...commands.map(([command]) => command.length));
  const others = api.includes(defaultApi) ? "" : `  ${cyan(`export SHOAL_API_HOST=${api.join(",")}`)}\n`;
  return [
    `${bold("Shoal is up")}: ${counted(requesters, "requester")}, ${counted(nodes, "compute node")}, 1 NATS server\n\n`,
    `  API   ${api.join("  ")}\n`,
    `  NATS  ${nats}\n`,
    `  data  ${dataDir}\n\n`,
    "Try, in another terminal:\n\n",
    others,
    ...commands.map(([command, summary]) => `  ${cyan(command.padEnd(width))}  ${dim(summary)}\n`),
    "\nCtrl-C stops it; the data stays for the next start here.\n",
  ].join("");
}
