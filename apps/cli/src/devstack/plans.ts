import { fileURLToPath } from "node:url";
import type { ChildPlan } from "./child.ts";
import type { DataDir } from "./data-dir.ts";
import type { RightsOrder } from "./rights-order.ts";
import type { DevstackSettings } from "./settings.ts";

const shoal = fileURLToPath(new URL("../main.ts", import.meta.url));
const rights = fileURLToPath(new URL("./rights-main.ts", import.meta.url));

/** The user of the requesters on a devstack's NATS server; each node has its id as its user. */
export const requesterUser = "requester";
export const nodeName = (index: number): string => `node-${index}`;
const requesterName = (index: number): string => `requester-${index}`;

/** The plan of the process that computes the rights of the NATS server's users. */
export function rightsPlan(dataDir: DataDir, order: RightsOrder): ChildPlan {
  return { name: "nats", args: [rights], env: {}, order, logFile: dataDir.logOf("nats") };
}

interface DevstackPlace {
  readonly dataDir: DataDir;
  readonly settings: DevstackSettings;
  readonly natsUrl: string;
}

/** The plan of requester `index`; `port` 0 takes any free port. */
export function requesterPlan(index: number, port: number, { dataDir, settings, natsUrl }: DevstackPlace): ChildPlan {
  const name = requesterName(index);
  return servePlan(name, "--requester", {
    dataDir,
    password: dataDir.passwordOf(requesterUser),
    settings: {
      requesterId: name,
      "http.port": String(port),
      "nats.url": natsUrl,
      "nats.user": requesterUser,
      "secrets.keyFile": dataDir.secretKeyFile,
      ...settings.requesterSettings,
    },
  });
}

// Everything of a devstack is on this machine, the files that its jobs download too.
const local = { "outbound.loopback": "true" } as const;

/** The plan of node `index`. */
export function nodePlan(index: number, { dataDir, settings, natsUrl }: DevstackPlace): ChildPlan {
  const name = nodeName(index);
  return servePlan(name, "--compute", {
    dataDir,
    password: dataDir.passwordOf(name),
    settings: { nodeId: name, "nats.url": natsUrl, "nats.user": name, ...local, ...settings.nodeSettings },
  });
}

interface ServedProcess {
  readonly dataDir: DataDir;
  readonly password: string;
  readonly settings: Readonly<Record<string, string>>;
}

function servePlan(name: string, role: string, { dataDir, password, settings }: ServedProcess): ChildPlan {
  const given = Object.entries({ dataDir: dataDir.of(name), ...settings }).flatMap(([path, value]) => [
    "-c",
    `${path}=${value}`,
  ]);
  return {
    name,
    args: [shoal, "serve", role, ...given],
    // Not in the arguments: every user of the machine can read those.
    env: { SHOAL_NATS_PASSWORD: password },
    logFile: dataDir.logOf(name),
  };
}
