import { mkdir } from "node:fs/promises";
import { arch, hostname, platform } from "node:os";
import { join, resolve } from "node:path";
import { type Clock, causeOf, Fault } from "@shoal/core";
import { connectionOf, connectNode, type NatsSession, type NodePorts } from "@shoal/nats";
import { type ServiceLogger, systemClock, systemRandom } from "@shoal/node";
import { resultsBucketOf, shoalVersion } from "@shoal/proto";
import { detectGpus, gpuLabels } from "./capacity/gpus/detect-gpus.ts";
import { capacityOf, machineResources, oversubscribed, perTaskOf } from "./capacity/machine.ts";
import type { ComputeConfig } from "./config.ts";
import { hubLoginOf } from "./executors/docker/registry-credentials.ts";
import { createExecutors } from "./executors/index.ts";
import { createPortRange, type PortBounds, readPortRange } from "./grants/port-range.ts";
import { createInputCache } from "./input-cache/input-cache.ts";
import { diskJournal } from "./journal/disk-journal.ts";
import type { Journal } from "./journal/journal.ts";
import { instanceIdIn, nodeIdIn } from "./node-id.ts";
import { ipfsNode } from "./outbound/ipfs-node.ts";
import { closeParts } from "./parts.ts";
import type { ComputePorts, NodeSettings } from "./ports.ts";
import { createPublishers } from "./publishers/index.ts";
import { createSources } from "./sources/index.ts";
import { diskWorkspace } from "./workspace/disk-workspace.ts";
import { createUnpublishedResults } from "./workspace/unpublished-results.ts";

/** The environment of a node: everything open that it needs. */
export interface NodeHost {
  readonly settings: NodeSettings;
  readonly ports: ComputePorts;
  readonly session: NatsSession;
  readonly dataDir: string;
  /** Closes everything. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the data directory, then connects. Throws Fault DATA_DIR_IN_USE or DATA_DIR_FAILED, and as `connectNode` does;
 * after a failure everything opened is closed.
 */
export async function openHost(config: ComputeConfig, logger: ServiceLogger, signal: AbortSignal): Promise<NodeHost> {
  const dataDir = resolve(config.dataDir);
  await makeFolder(dataDir);
  // Closed in reverse order.
  const opened = new AsyncDisposableStack();
  try {
    const journal = diskJournal(dataDir);
    opened.defer(() => journal.close());
    const nodeId = config.nodeId || nodeIdIn(dataDir, systemRandom);
    const instanceId = instanceIdIn(dataDir, systemRandom);
    logger.identify({ nodeId });
    const settings = await settingsOf(config, { dataDir, nodeId, logger });
    const clock = systemClock();
    const nats = await connectNode({
      nodeId,
      ...connectionOf(config.nats),
      signal,
      onNatsError: (what, level) => logger[level]({ what }, "NATS error"),
      clock,
      random: systemRandom,
    });
    opened.defer(() => nats.close());
    const ports = assemble(config, settings, { dataDir, instanceId, journal, clock, nats, logger });
    const { executors, sources, publishers } = ports;
    opened.defer(() => closeParts([...executors.parts, ...sources.parts, ...publishers.parts], logger));
    return { settings, ports, session: nats.session, dataDir, close: () => opened.disposeAsync() };
  } catch (failure) {
    await opened.disposeAsync();
    throw failure;
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (failure) {
    throw new Fault("DATA_DIR_FAILED", `dataDir ${path}: ${causeOf(failure).why}`, { cause: failure });
  }
}

async function settingsOf(
  config: ComputeConfig,
  { dataDir, nodeId, logger }: Pick<NodeResources, "dataDir" | "logger"> & { readonly nodeId: string },
): Promise<NodeSettings> {
  const gpus = await detectGpus(logger);
  const capacity = capacityOf(config.capacity, await machineResources(dataDir, gpus));
  return {
    nodeId,
    gpus,
    labels: { ...machineLabels(), ...gpuLabels(gpus), ...riskLabels(config), name: nodeId, ...pairs(config.labels) },
    capacity: oversubscribed(capacity, config.capacity.oversubscription),
    perTask: perTaskOf(config.perTask, capacity),
    slotsMax: config.capacity.slots,
    heartbeatMs: config.heartbeatMs,
    rejectNetworked: config.network.reject,
    hostNetwork: config.network.host,
    selection: config.selection,
    envAllow: config.env.allow,
    version: `v${shoalVersion}`,
    address: config.address === "" ? hostname() : config.address,
    inputsMs: config.inputs.timeoutMs,
    inputBytes: config.inputs.limitBytes,
    inputsDefaultDiskBytes: config.inputs.defaultDiskBytes,
    publishMs: config.results.timeoutMs,
    outputFileBytes: config.results.outputBytes,
    outputBytesMax: config.output.limitBytes,
  };
}

function boundsOf(text: string): PortBounds | undefined {
  const bounds = readPortRange(text);
  return bounds === "none" ? undefined : bounds;
}

const pairs = (labels: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(labels.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));

interface NodeResources {
  readonly dataDir: string;
  readonly instanceId: string;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly nats: NodePorts;
  readonly logger: ServiceLogger;
}

function assemble(config: ComputeConfig, settings: NodeSettings, opened: NodeResources): ComputePorts {
  const { dataDir, instanceId, journal, clock, nats, logger } = opened;
  const { nodeId } = settings;
  const { wasm, allowListedLocalPaths } = config;
  const hub = hubLoginOf(process.env);
  const docker = { ...config.docker, ...(hub === undefined ? {} : { hub }) };
  const local = { ...config.publishers.local, machine: settings.address, folder: join(dataDir, "published") };
  const { outbound } = config;
  const published = { ...config.publishers, limitBytes: config.results.limitBytes, local, outbound };
  const cacheFolder = join(dataDir, "input-cache");
  const { cacheBytes: maxBytes } = config.inputs;
  const cache = maxBytes === 0 ? undefined : createInputCache({ folder: cacheFolder, maxBytes, logger });
  const ipfs = ipfsNode(config.ipfs.connect);
  const results = { bucket: resultsBucketOf(nodeId), put: nats.results.put };
  const { assignments, reports, bidServer, logs } = nats;
  return {
    ...{ assignments, reports, bidServer, logs, clock, journal, logger },
    random: systemRandom,
    workspace: diskWorkspace(join(dataDir, "executions"), logger),
    executors: createExecutors(
      {
        ...{ nodeId, instanceId, disabled: disabledEngines(config), docker, wasm, outbound },
        native: nativeOf(config, dataDir),
      },
      { clock, logger },
    ),
    sources: createSources(
      { ...config.sources, allowListedLocalPaths, outbound },
      { clock, logger, cache, ipfs, objects: nats.objects },
    ),
    publishers: createPublishers(published, { clock, logger, results, ipfs, uploads: nats.uploads }),
    unpublished: createUnpublishedResults({
      ...unpublishedSettings(config),
      folder: join(dataDir, "unpublished"),
      clock,
      logger,
    }),
    env: process.env,
    portRange: createPortRange(boundsOf(config.network.ports)),
  };
}

const unpublishedSettings = ({
  results: { keepUnpublishedMs: keepMs, keepUnpublishedBytes: keepBytes },
}: ComputeConfig) => ({
  keepMs,
  keepBytes,
});

/** The native engine is offered only when the node's owner enables it. */
const disabledEngines = ({ engines: { disabled, native } }: ComputeConfig): readonly string[] =>
  native.enabled ? disabled : [...disabled, "native"];

/** The settings of the native engine. */
export function nativeOf({ engines: { native } }: Pick<ComputeConfig, "engines">, dataDir: string) {
  const { user, paths, processes, descriptors, fileBytes } = native;
  const limits = { processesMax: processes, descriptorsMax: descriptors, fileBytesMax: fileBytes };
  return { folder: join(dataDir, "native"), user, paths, ...limits };
}

// Bacalhau names operating systems and architectures as Go does.
const systems: Readonly<Record<string, string>> = { win32: "windows" };
const processors: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

/** Marks a node whose tasks are less isolated than containers, in every list of nodes and for constraints of jobs. */
const riskLabels = ({ engines: { native } }: ComputeConfig): Readonly<Record<string, string>> =>
  native.enabled ? { native_engine: "unsafe" } : {};

/** The labels that every node has for its machine without configuration. */
function machineLabels(): Readonly<Record<string, string>> {
  return { os_type: systems[platform()] ?? platform(), os_arch: processors[arch()] ?? arch() };
}
