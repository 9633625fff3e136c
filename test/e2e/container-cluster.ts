import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findServer, permissionsOfNode, permissionsOfRequester, serverConfig } from "@shoal/nats";
import type Docker from "dockerode";
import { GenericContainer, Network, PullPolicy, type StartedNetwork, Wait } from "testcontainers";
import { z } from "zod";

const label = "shoal.test.cluster";
const repository = fileURLToPath(new URL("../..", import.meta.url));
const password = "right";
/** The name of a container: two runs of the tests may share an engine. */
const hostOf = (name: string): string => `shoal-${process.pid}-${name}`;
const servers = ["nats-1", "nats-2", "nats-3"];
const nodes = ["n-1", "n-2", "n-3"];
// Of the processes in a container of a node, a program's own one alone begins with it: the shells around it name it after theirs.
const guestCommand = "/node --permission ";
// What a server or a service needs to start while seven others do so on two cores.
const startMs = 60_000;
// Its part is served in the memory of three servers: the tests write some hundred small messages.
const storeLimit = "1GB";

/** The processes of a container; the last column is the command. */
const Top = z.object({ Processes: z.array(z.array(z.string())) });

/** A cluster of which each process has a container, with its own address in one network. */
export interface ContainerCluster {
  /** Starts three nats-servers, and resolves when they have a leader. */
  startServers(): Promise<void>;
  startRequester(name: string): Promise<void>;
  /** Starts a node with a folder of this machine as its `/shared`, which jobs may write. */
  startNode(name: string): Promise<void>;
  /** That folder. */
  sharedOf(node: string): string;
  /** Cuts a container off from the network; its process continues. */
  cut(name: string): Promise<void>;
  rejoin(name: string): Promise<void>;
  addressOf(name: string): Promise<string>;
  /** How many programs a node runs, as the engine sees its processes; also while it is cut off. */
  programsOf(node: string): Promise<number>;
  /** What its process has logged, also while it is cut off. */
  logged(name: string): string;
  /** How a client outside of the containers connects to NATS. */
  access(): Promise<{ readonly urls: readonly string[]; readonly user: string; readonly pass: string }>;
  /** Removes all of it, also what failed to start. */
  close(): Promise<void>;
}

interface ClusterOptions {
  readonly engine: Docker;
  /** An image on the engine; programs are mounted, so nothing is pulled. */
  readonly image: string;
  /** A folder of this machine for the folders of the nodes. */
  readonly folder: string;
}

interface Launch {
  readonly name: string;
  readonly command: readonly string[];
  readonly ready: RegExp;
  readonly mounts?: readonly Mount[];
  readonly files?: readonly { readonly content: string; readonly target: string }[];
}
interface Mount {
  readonly source: string;
  readonly target: string;
  readonly mode: "ro" | "rw";
}

/** Nothing is started before the first call. */
export function containerCluster({ engine, image, folder }: ClusterOptions): ContainerCluster {
  // The reaper is an image of a registry; `close` removes the containers.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  const labels = { [label]: `${process.pid}` };
  const logs = new Map<string, string>();
  const ids = new Map<string, string>();
  let starting: Promise<StartedNetwork> | undefined;
  async function launch({ name, command, ready, mounts = [], files = [] }: Launch): Promise<void> {
    starting ??= new Network().start();
    const network = await starting;
    const [entry = "", ...args] = command;
    const container = new GenericContainer(image)
      .withPullPolicy(PullPolicy.neverPull())
      // With aliases it would be in the engine's own network too, where nothing cuts it off: its name is its address.
      .withNetwork(network)
      .withName(hostOf(name))
      .withLabels(labels)
      .withBindMounts([...mounts])
      .withCopyContentToContainer([...files])
      .withEntrypoint([entry])
      .withCommand(args)
      .withLogConsumer((lines) => {
        lines.on("data", (line: Buffer | string) => logs.set(name, `${logs.get(name) ?? ""}${line}`));
      })
      .withWaitStrategy(Wait.forLogMessage(ready))
      .withStartupTimeout(startMs);
    ids.set(name, (await container.start()).getId());
  }
  const attachment = async (name: string) => {
    const [Container, network] = [ids.get(name), await starting];
    if (Container === undefined || network === undefined) throw new Error(`${name} has not been started`);
    return { of: engine.getNetwork(network.getId()), name: network.getName(), Container };
  };
  async function addressOf(name: string): Promise<string> {
    const { Container, name: networkName } = await attachment(name);
    const { NetworkSettings } = await engine.getContainer(Container).inspect();
    return NetworkSettings.Networks[networkName]?.IPAddress ?? "";
  }
  const sharedOf = (node: string) => join(folder, node);
  return {
    addressOf,
    sharedOf,
    startServers: async () => {
      const { path } = await findServer();
      await Promise.all(servers.map((name) => launch(serverLaunch(name, path))));
    },
    startRequester: (name) => launch(serviceLaunch("requester", name)),
    startNode: async (name) => {
      await mkdir(sharedOf(name), { recursive: true });
      const { mounts = [], ...rest } = serviceLaunch("compute", name);
      await launch({ ...rest, mounts: [...mounts, { source: sharedOf(name), target: "/shared", mode: "rw" }] });
    },
    cut: async (name) => {
      const { of, Container } = await attachment(name);
      await of.disconnect({ Container });
    },
    rejoin: async (name) => {
      const { of, Container } = await attachment(name);
      await of.connect({ Container });
    },
    programsOf: async (node) => {
      const { Processes } = Top.parse(await engine.getContainer((await attachment(node)).Container).top());
      return Processes.filter((columns) => columns.at(-1)?.startsWith(guestCommand)).length;
    },
    logged: (name) => logs.get(name) ?? "",
    access: async () => {
      const urls = (await Promise.all(servers.map(addressOf))).map((address) => `nats://${address}:4222`);
      return { urls, user: "requester", pass: password };
    },
    close: async () => {
      const filters = { label: [`${label}=${process.pid}`] };
      const left = await engine.listContainers({ all: true, filters });
      await Promise.allSettled(left.map(({ Id }) => engine.getContainer(Id).remove({ force: true, v: true })));
      await (await starting)?.stop();
    },
  };
}

function serverLaunch(name: string, program: string): Launch {
  const users = [
    { user: "requester", password, rights: permissionsOfRequester() },
    ...nodes.map((user) => ({ user, password, rights: permissionsOfNode(user) })),
  ];
  const routes = servers.filter((other) => other !== name).map((other) => `${hostOf(other)}:6222`);
  const cluster = { port: 6222, routes, password: "routes" };
  const addresses = { host: "0.0.0.0", port: 4222, monitor: "0.0.0.0:8222" };
  const content = serverConfig({ name, dataDir: "/data", maxFileStore: storeLimit, users, cluster, ...addresses });
  return {
    name,
    command: ["/nats-server", "-c", "/nats.conf"],
    ready: /Server is ready/,
    mounts: [{ source: program, target: "/nats-server", mode: "ro" }],
    files: [{ content, target: "/nats.conf" }],
  };
}

function serviceLaunch(role: "requester" | "compute", name: string): Launch {
  const isNode = role === "compute";
  const settings = {
    "nats.url": servers.map((server) => `nats://${hostOf(server)}:4222`).join(","),
    "nats.user": isNode ? name : "requester",
    "nats.password": password,
    dataDir: "/data",
    ...(isNode
      ? { nodeId: name, allowListedLocalPaths: "/shared:rw", "wasm.poolSize": 0, "capacity.cpu": 4 }
      : { requesterId: name, "nats.replicas": 3, "http.host": "0.0.0.0", "http.port": 80 }),
  };
  const flags = Object.entries(settings).flatMap(([path, value]) => ["-c", `${path}=${value}`]);
  return {
    name,
    command: ["/node", "/shoal/apps/cli/src/main.ts", "serve", `--${role}`, ...flags],
    ready: /"msg":"ready"/,
    mounts: [
      { source: repository, target: "/shoal", mode: "ro" },
      { source: process.execPath, target: "/node", mode: "ro" },
      ...libraries().map((path): Mount => ({ source: path, target: path, mode: "ro" })),
    ],
  };
}

/** The shared libraries of this Node, under the paths by which it was linked. */
function libraries(): readonly string[] {
  const report: { readonly sharedObjects?: unknown } = Object(process.report.getReport());
  const paths = Array.isArray(report.sharedObjects) ? report.sharedObjects.map(String) : [];
  // Modules that the test runner has loaded are none of them.
  return paths.filter((path) => path.startsWith("/") && !path.endsWith(".node"));
}
