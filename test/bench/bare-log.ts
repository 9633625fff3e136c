import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noStreamPosition } from "@shoal/core";
import { connectRequester, findServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { commitVersion, JobQueued } from "@shoal/proto";
import { inWindow } from "./measure.ts";

// The rate of one connection is highest here; more appends only queue.
const window = 500;

/** A log on a separate server to which commits are appended without decisions: the upper bound for a cluster. */
export interface BareLog {
  /** Appends commits to as many subjects, some hundreds concurrently. Returns the total milliseconds. */
  append(count: number): Promise<number>;
  /** Appends one commit. Returns the milliseconds until it is stored: the round trip of a bare append. */
  roundTrip(): Promise<number>;
  close(): Promise<void>;
}

export async function openBareLog(): Promise<BareLog> {
  const dataDir = await mkdtemp(join(tmpdir(), "shoal-bench-"));
  const server = await startServer(await findServer(), { dataDir, port: -1 });
  const { log, close } = await connectRequester({
    clock: systemClock(),
    random: systemRandom,
    requesterId: "bench",
    servers: [server.url],
    replicas: 1,
    onParked: () => undefined,
    onNatsError: () => undefined,
  });
  const one = async () => {
    const id = `j-${systemRandom.uuid()}`;
    await log.append({ kind: "job", namespace: "default", id }, noStreamPosition, { ...envelope, id, at: Date.now() });
  };
  const timed = async (work: () => Promise<void>) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  return {
    append: (count) => timed(() => inWindow(count, window, one)),
    roundTrip: () => timed(one),
    async close() {
      await close();
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const envelope = {
  v: commitVersion,
  by: "bench",
  actor: { type: "requester", id: "r" },
  cause: { command: "bench" },
  epoch: 0,
  prev: "",
  // About the size of a typical event.
  events: [JobQueued.of({ why: "needs 0.5 cpuCores, 0 are free ".repeat(4), answers: [] })],
} as const;
