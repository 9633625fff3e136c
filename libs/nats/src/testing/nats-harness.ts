import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom } from "@shoal/node";
import { type ConnectOptions, connect } from "../connection/connect.ts";
import type { NatsSession } from "../connection/nats-session.ts";
import { findServer } from "../server/find-server.ts";
import type { ServerSettings } from "../server/server-config.ts";
import { type RunningServer, startServer } from "../server/start-server.ts";
import { ensureTopology } from "../topology/topology.ts";

/** A real server for one test, with an empty folder, and connections to it. */
export interface NatsHarness {
  readonly server: () => RunningServer;
  readonly dataDir: string;
  readonly faultPlan: string[];
  session(options?: Partial<ConnectOptions>): Promise<NatsSession>;
  /** Kills the server as by kill -9 and starts it again on the same port and folder; `meanwhile` may change the folder before. */
  crash(meanwhile?: (dataDir: string) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Starts a server on a free loopback port. With `topology` it creates all streams. */
export async function natsHarness(
  settings: Partial<ServerSettings> & { readonly topology?: Partial<ConnectOptions> | false } = {},
): Promise<NatsHarness> {
  const { topology = {}, ...rest } = settings;
  const program = await findServer();
  const dataDir = await mkdtemp(join(tmpdir(), "shoal-nats-"));
  let server = await startServer(program, { dataDir, port: -1, ...rest });
  const sessions: NatsSession[] = [];
  const faultPlan: string[] = [];
  const harness: NatsHarness = {
    server: () => server,
    dataDir,
    faultPlan,
    async session(options = {}) {
      const session = await connect({
        clock: systemClock(),
        random: systemRandom,
        servers: [server.url],
        name: "test",
        onNatsError: (what) => faultPlan.push(what),
        ...options,
      });
      sessions.push(session);
      return session;
    },
    async crash(meanwhile) {
      const { port } = server;
      await server.kill();
      await meanwhile?.(dataDir);
      server = await startServer(program, { dataDir, ...rest, port });
    },
    async close() {
      for (const session of sessions) await session.close();
      await server.kill();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  if (topology !== false) await ensureTopology(await harness.session(topology), { replicas: 1 });
  return harness;
}
