import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveCompute } from "@shoal/compute";
import { findServer, type RunningServer, startServer } from "@shoal/nats";
import { type RequesterFacts, serveRequester } from "@shoal/requester";

/** A service that runs in this process over a real server. */
interface Running<F> {
  readonly facts: F;
  stop(): Promise<void>;
}

async function run<F>(
  serve: (serving: { readonly quit: Promise<void>; readonly onReady: (facts: F) => void }) => Promise<void>,
): Promise<Running<F>> {
  const quit = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<F>();
  const served = serve({ quit: quit.promise, onReady: ready.resolve });
  served.catch(ready.reject);
  const facts = await ready.promise;
  return {
    facts,
    stop: () => {
      quit.resolve();
      return served;
    },
  };
}

export interface ApiCluster {
  readonly server: RunningServer;
  readonly flags: Readonly<Record<string, unknown>>;
  requester(name: string, flags?: Readonly<Record<string, unknown>>): Promise<Running<RequesterFacts>>;
  node(nodeId: string): Promise<Running<unknown>>;
  close(): Promise<void>;
}

/** A separate nats-server, and services that are started on it. */
export async function apiCluster(): Promise<ApiCluster> {
  const root = await mkdtemp(join(tmpdir(), "shoal-api-"));
  const server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
  const flags = { "nats.url": server.url, "log.level": "warn" };
  const running: Running<unknown>[] = [];
  const start = async <F>(serving: Promise<Running<F>>): Promise<Running<F>> => {
    const started = await serving;
    running.push(started);
    return started;
  };
  return {
    server,
    flags,
    requester: (name, more = {}) =>
      start(
        run((serving) =>
          serveRequester({
            ...serving,
            given: {
              env: {},
              flags: { ...flags, requesterId: name, dataDir: join(root, name), "http.port": 0, ...more },
            },
          }),
        ),
      ),
    node: (nodeId) =>
      start(
        run((serving) =>
          serveCompute({
            ...serving,
            given: { env: {}, flags: { ...flags, nodeId, dataDir: join(root, nodeId), "wasm.poolSize": 0 } },
          }),
        ),
      ),
    async close() {
      for (const each of running.reverse()) await each.stop();
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}
