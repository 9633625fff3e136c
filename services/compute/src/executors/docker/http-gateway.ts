import { chmod, mkdir, open, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Clock, causeOf, Fault } from "@shoal/core";
import type Docker from "dockerode";
import type { ContainerCreateOptions } from "dockerode";
import { filteringProxy } from "../../network/filtering-proxy.ts";
import type { Reach } from "../../outbound/reach.ts";
import type { Workload } from "../executor.ts";
import { statusOf, wordsOf } from "./engine-fault.ts";
import type { Ownership } from "./ownership.ts";
import { removeContainer } from "./remove-container.ts";
import { callLimitMs, within } from "./within.ts";

// An image without files: the gateway's program and its libraries are the node's own, mounted.
const image = { repo: "shoal/empty", tag: "1" };
// The end of an archive without entries: two blocks of 512 zero bytes.
const emptyArchiveBytes = 1_024;
const proxyPort = 3_128;
const proxyUrl = `http://127.0.0.1:${proxyPort}`;
const socketFolder = "/gateway";
const socketName = "proxy.sock";
// A bare Node takes 47 MB with its program's pages; 128 connections with two buffers of 64 KiB add 16 MB.
const gatewayMemoryBytes = 128 * 1024 ** 2;
// A bare Node has 11 threads.
const gatewayPids = 32;
// The container's start and Node's take some 400 ms; a busy disk needs longer.
const readyMs = 30_000;

/** Listens on loopback and forwards each connection to the node's socket; the first one shows that it listens. */
const forwarder = `
const { connect, createServer } = require("node:net");
const socket = "${socketFolder}/${socketName}";
createServer({ allowHalfOpen: true }, (client) => {
  const node = connect({ path: socket, allowHalfOpen: true });
  client.on("error", () => node.destroy());
  node.on("error", () => client.destroy());
  client.on("close", () => node.destroy());
  node.on("close", () => client.destroy());
  client.pipe(node).pipe(client);
}).listen(${proxyPort}, "127.0.0.1", () => connect(socket).on("error", () => {}).end());
`;

/** How a container joins the network of its gateway. */
export interface GatewayNetwork {
  readonly containerId: string;
  /** The variables that programs read to find the proxy. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Gateways of workloads with network `http`. A gateway is a container with no network but loopback. The workload's container
 * joins it, so that all it reaches is a port on which the gateway forwards to a Unix socket: there the node's process
 * filters.
 */
export interface HttpGateways {
  /** Starts the gateway and its proxy. Throws a Fault, and then leaves nothing behind but a container to be swept. */
  open(workload: Workload): Promise<GatewayNetwork>;
  /** Opens the proxy for a gateway that an earlier process has started. */
  reopen(workload: Workload): Promise<void>;
  /** Ends the proxy and the gateway of a workload. Idempotent; never throws. */
  close(workload: Workload): Promise<void>;
  /** Ends all proxies; the gateways stay for the next process. */
  release(): void;
}

export interface GatewayOptions {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly own: Ownership;
  readonly reach: Reach;
}

export function httpGateways(options: GatewayOptions): HttpGateways {
  const { docker, clock, own, reach } = options;
  const proxies = new Map<string, Server>();
  function closeProxy(workloadId: string): void {
    const server = proxies.get(workloadId);
    proxies.delete(workloadId);
    server?.close();
    server?.closeAllConnections();
  }
  async function listen(workload: Workload): Promise<Server> {
    closeProxy(workload.id);
    const server = filteringProxy({ jobId: workload.jobId, domains: workload.domains ?? [], reach });
    proxies.set(workload.id, server);
    await listenIn(folderOf(workload), server);
    return server;
  }
  const close = async (workload: Workload): Promise<void> => {
    closeProxy(workload.id);
    // What remains is swept with the workload.
    await removeContainer(docker, clock, own.gatewayName(workload)).catch(() => {});
  };
  return {
    close,
    reopen: async (workload) => void (await listen(workload)),
    release: () => {
      for (const workloadId of [...proxies.keys()]) closeProxy(workloadId);
    },
    open: async (workload) => {
      try {
        const ready = first(await listen(workload), clock);
        ready.catch(() => {});
        const containerId = await startGateway(options, workload);
        await ready;
        const env = Object.fromEntries(proxyVariables.map((name) => [name, proxyUrl]));
        return { containerId, env };
      } catch (failure) {
        await close(workload);
        const words = `the gateway of network http did not start: ${wordsOf(causeOf(failure).why)}`;
        throw new Fault("ENGINE_FAILED", `${words}; it needs an engine on the node's own machine`, { cause: failure });
      }
    },
  };
}

// Both spellings: programs read one or the other.
const proxyVariables = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"];

const folderOf = ({ folder }: Workload): string => join(folder, "gateway");

/** The folder's own path may be longer than an address of a Unix socket, so the socket is bound through a descriptor. */
async function listenIn(folder: string, server: Server): Promise<void> {
  await mkdir(folder, { recursive: true });
  // The folder above is the node's alone; the gateway runs as another user.
  await chmod(folder, 0o755);
  const path = join(folder, socketName);
  await rm(path, { force: true });
  const handle = await open(folder);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(`/proc/self/fd/${handle.fd}/${socketName}`, () => {
        server.off("error", reject);
        resolve();
      });
    });
    await chmod(path, 0o666);
  } finally {
    await handle.close();
  }
}

function first(server: Server, clock: Clock): Promise<void> {
  const connected = new Promise<void>((resolve) => void server.once("connection", () => resolve()));
  return within(connected, { clock, limitMs: readyMs, what: "starting its program" });
}

async function startGateway({ docker, clock, own }: GatewayOptions, workload: Workload): Promise<string> {
  const options: ContainerCreateOptions = {
    name: own.gatewayName(workload),
    Labels: own.gatewayLabels(workload),
    Image: `${image.repo}:${image.tag}`,
    Entrypoint: ["/shoal/node"],
    Cmd: ["--eval", forwarder],
    // The unprivileged user of most systems: the program needs only its socket.
    User: "65534:65534",
    HostConfig: {
      NetworkMode: "none",
      Mounts: gatewayMounts(workload),
      Memory: gatewayMemoryBytes,
      MemorySwap: gatewayMemoryBytes,
      PidsLimit: gatewayPids,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      LogConfig: { Type: "none", Config: {} },
    },
  };
  const create = () =>
    within(docker.createContainer(options), { clock, limitMs: callLimitMs, what: "creating a container" });
  const container = await create().catch(async (failure: unknown) => {
    if (statusOf(failure) !== 404) throw failure;
    await importEmptyImage(docker);
    return create();
  });
  await within(container.start(), { clock, limitMs: callLimitMs, what: "starting a container" });
  return container.id;
}

async function importEmptyImage(docker: Docker): Promise<void> {
  const progress = await docker.importImage(Readable.from([Buffer.alloc(emptyArchiveBytes)]), image);
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(progress, (failure) => (failure === null ? resolve() : reject(failure)));
  });
}

function gatewayMounts(workload: Workload) {
  const bind = (Source: string, Target = Source) => ({ Type: "bind" as const, Source, Target, ReadOnly: true });
  return [
    bind(process.execPath, "/shoal/node"),
    bind(folderOf(workload), socketFolder),
    ...libraries().map((path) => bind(path)),
  ];
}

let known: readonly string[] | undefined;

/** The shared libraries of this program, under the paths by which it was linked. */
function libraries(): readonly string[] {
  if (known !== undefined) return known;
  // The report names the machine's addresses otherwise, for which it asks the network.
  Reflect.set(process.report, "excludeNetwork", true);
  const report: unknown = process.report.getReport();
  const listed: unknown = typeof report === "object" && report !== null ? Reflect.get(report, "sharedObjects") : [];
  known = Array.isArray(listed) ? listed.filter((path) => typeof path === "string" && path.startsWith("/")) : [];
  return known;
}
