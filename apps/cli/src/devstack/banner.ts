import { paint } from "../output/paint.ts";
import type { DevstackSettings } from "./settings.ts";
import type { DevstackFacts } from "./start-devstack.ts";

/** What a person reads when the cluster is up: what there is, and the next three commands. */
export function banner(
  { api, nats, dataDir }: DevstackFacts,
  { nodes, requesters }: DevstackSettings,
  colours: boolean,
): string {
  const { bold, cyan, dim } = paint(colours);
  const elsewhere = api[0] === "http://127.0.0.1:1234" ? "" : ` --api-host ${api[0]}`;
  const command = (text: string, says: string): string => `  ${cyan(text.padEnd(50))} ${dim(says)}\n`;
  return [
    `${bold("Shoal is up")}: ${requesters} requesters, ${nodes} compute nodes, one NATS server\n\n`,
    `  API   ${api.join("  ")}\n`,
    `  NATS  ${nats}\n`,
    `  data  ${dataDir}\n\n`,
    "Try, in another terminal:\n\n",
    command(`npx shoal node list${elsewhere}`, "the machines of the cluster"),
    command(`npx shoal job run examples/hello.yaml${elsewhere}`, "run a job and watch it"),
    command(`npx shoal events${elsewhere}`, "follow everything that happens"),
    "\nCtrl-C stops it; started again here, everything is still there.\n",
  ].join("");
}
