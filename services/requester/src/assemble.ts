import { randomBytes } from "node:crypto";
import { Fault, type Logger, type Process } from "@shoal/core";
import { createLogHealthWatch, exposureOf, type NatsRequesterPorts, readSecretFile } from "@shoal/nats";
import { persistedValue, systemClock, systemRandom } from "@shoal/node";
import { shardOf, streams } from "@shoal/proto";
import { createCatalog } from "./catalog/sqlite-catalog.ts";
import type { RequesterConfig } from "./config.ts";
import { createRequester, type Requester } from "./create-requester.ts";
import { createRequesterHealth, type RequesterHealth } from "./health/requester-health.ts";
import { type Api, createApi } from "./http/server.ts";
import { catalogFile } from "./log-check.ts";
import { isForgotten } from "./nodes/forgotten-nodes.ts";
import { quotasOf } from "./owner/scheduler/quota-settings.ts";
import { createCluster } from "./reads/cluster.ts";
import { createNodeList } from "./reads/node-list.ts";
import { selfInfo } from "./reads/self-info.ts";
import { createResultBuckets } from "./result-buckets.ts";
import { createUploadGrants } from "./results/grant-uploads.ts";
import { createResultStores } from "./results/index.ts";
import { presigner } from "./results/presigner.ts";
import { type KeyRing, keyRing } from "./secrets/key-ring.ts";
import { sliceRebuilder } from "./verify/rebuild-slice.ts";

/** What is open before the requester is assembled. */
export interface RequesterResources {
  readonly config: RequesterConfig;
  readonly dataDir: string;
  readonly requesterId: string;
  readonly logger: Logger;
  readonly nats: NatsRequesterPorts;
}

/** The service with its API, as processes in start order. */
export interface Assembled {
  readonly processes: readonly Process[];
  readonly api: Api;
  readonly health: RequesterHealth;
}

/** Assembles the service over its real ports: first the parts that are called, last the API that calls them. */
export function assemble({ config, dataDir, requesterId, logger, nats }: RequesterResources): Assembled {
  const clock = systemClock();
  const random = systemRandom;
  const { views, log, positions, logs } = nats;
  const catalog = createCatalog({ views: views.jobs, file: catalogFile(dataDir) });
  const rebuild = sliceRebuilder(nats);
  const requester = createRequester(
    { ...config, quotas: quotasOf(config.quotas), requesterId, keys: keysOf(config) },
    { ...nats, catalog, clock, random, logger, rebuild },
  );
  const { commands, secrets, membership, roster } = requester;
  const self = selfInfo(requesterId, pairs(config.labels));
  const health = createRequesterHealth({
    watch: createLogHealthWatch(nats.session, streams.events),
    clock,
    logger,
    owned: () => requester.owner.holdings().size,
    nodes: () => membership.nodes(),
    features: requester.features,
  });
  const nodes = createNodeList({
    views: views.nodes,
    membership,
    roster,
    clock,
    self,
    clockOffsetMs: health.clockOffsetMs,
  });
  const cluster = createCluster({ requesterId, roster, membership, owner: requester.owner, leases: nats.leases });
  const resultBuckets = resultBucketsOf(nats, requester, logger);
  const { uploadGrants, ...published } = publishedResults(nats, config.results, logger);
  const secret = persistedValue({ folder: dataDir, name: "secret", make: newSecret });
  const { publicUrl, ...http } = config.http;
  const api = createApi(
    {
      ...{ requesterId, publicUrl, secret, commands, secrets, catalog },
      nodes,
      cluster,
      log,
      views,
      viewPositions: positions,
      logs,
      ...published,
      clock,
      random,
      logger,
      health,
    },
    http,
  );
  // Bind the port first: a process that cannot have it takes no shard.
  return {
    processes: [api.binding, health, catalog, resultBuckets, uploadGrants, nodes, ...requester.processes, api],
    api,
    health,
  };
}

/** The keys in the file of the settings; undefined when none is set. Throws Fault CONFIG_INVALID. */
function keysOf({ secrets: { keyFile: path } }: RequesterConfig): KeyRing | undefined {
  if (path === "") return undefined;
  const file = { setting: "secrets.keyFile", path };
  const exposure = exposureOf(file);
  if (exposure !== undefined) throw new Fault("CONFIG_INVALID", exposure);
  return keyRing(readSecretFile(file), `secrets.keyFile ${path}`);
}

const newSecret = (): string => randomBytes(32).toString("hex");

/** The results buckets: created when a node joins, removed when the node is forgotten. */
function resultBucketsOf(nats: NatsRequesterPorts, { owner }: Requester, logger: Logger): Process {
  return createResultBuckets({
    nodes: nats.views.nodes,
    store: { ensure: nats.ensureResultsBucket, remove: nats.removeResultsBucket, nodeIds: nats.nodesWithResults },
    isForgotten: (nodeId) => isForgotten(nats.log, nodeId),
    isMine: (nodeId) => owner.holdings().has(shardOf(nodeId)),
    ...{ clock: systemClock(), logger },
  });
}

/** How clients get results, and where nodes may store them. */
function publishedResults(nats: NatsRequesterPorts, settings: RequesterConfig["results"], logger: Logger) {
  const presign = presigner(systemClock(), process.env);
  const { uploads, log } = nats;
  return {
    results: { open: (nodeId: string, object: string) => openResult(nats, nodeId, object) },
    resultStores: createResultStores(settings, { presign, logger }),
    uploadGrants: createUploadGrants({ uploads, log, presign, bucket: settings.s3managed, logger }),
  };
}

async function openResult(nats: NatsRequesterPorts, nodeId: string, object: string) {
  const found = await (await nats.results(nodeId)).get(object);
  return found === undefined ? undefined : { sizeBytes: found.saved.sizeBytes, bytes: found.bytes };
}

const pairs = (labels: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(labels.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
