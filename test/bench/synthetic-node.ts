import { createCompute, memoryJournal, memoryWorkspace, noop } from "@shoal/compute";
import { type Process, registry, silentLogger } from "@shoal/core";
import { connectNode, type NodeOptions } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";

/** A node without a machine: it sends heartbeats, bids, follows its assignments and reports as any other, and stores everything in memory. */
export interface SyntheticNode {
  stop(): Promise<void>;
}

export interface SyntheticOptions {
  readonly connection: Omit<NodeOptions, "clock" | "random">;
  /** Called with the number of asks in each message. */
  readonly onAsks: (asks: number) => void;
}

/** CPU cores of each. */
export const coresOfNode = 1;

// A limit in addition to the cores, because the no-ops of a burst need almost no resources.
const slotsMax = 1_000;

export async function startSyntheticNode({ connection, onAsks }: SyntheticOptions): Promise<SyntheticNode> {
  const clock = systemClock();
  const nats = await connectNode({ ...connection, clock, random: systemRandom });
  const executors = registry("executor", [noop({ clock })]);
  const processes: readonly Process[] = createCompute(settingsOf(connection.nodeId), {
    ...{ clock, executors, logger: silentLogger },
    random: systemRandom,
    assignments: nats.assignments,
    reports: nats.reports,
    logs: nats.logs,
    bidServer: {
      ...nats.bidServer,
      onAsk: (answer) =>
        nats.bidServer.onAsk((batch) => {
          onAsks(batch.asks.length);
          return answer(batch);
        }),
    },
    journal: memoryJournal(),
    workspace: memoryWorkspace(),
    sources: registry("source", []),
    publishers: registry("publisher", []),
    env: {},
  });
  for (const process of processes) await process.start();
  return {
    async stop() {
      for (const process of processes.toReversed()) await process.stop();
      await nats.close();
    },
  };
}

const resources = { cpuCores: coresOfNode, memoryBytes: 2 ** 33, diskBytes: 2 ** 35, gpus: 0 };

const settingsOf = (nodeId: string) => ({
  nodeId,
  labels: { name: nodeId },
  capacity: resources,
  perTask: resources,
  slotsMax,
  // The default of a service.
  heartbeatMs: 1_000,
  rejectNetworked: false,
  hostNetwork: false,
  envAllow: [],
  version: "v0.0.0",
  address: "",
  inputsMs: 60_000,
  inputBytes: 1_000_000,
  inputsDefaultDiskBytes: 1_000_000,
  publishMs: 60_000,
  outputFileBytes: 10_000,
  outputBytesMax: 20_000,
});
