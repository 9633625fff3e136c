import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noStreamPosition } from "@shoal/core";
import { connectRequester, findServer, startServer } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { commitVersion, JobQueued } from "@shoal/proto";
import { inWindow } from "./measure.ts";

// Where one connection's rate is highest; more only queue.
const window = 500;

/** A log on a server of its own, to which commits are appended when nothing is decided: the bound for all that a cluster does. */
export interface BareLog {
  /** Appends commits to as many subjects, some hundreds under way at once. Milliseconds of the whole. */
  append(count: number): Promise<number>;
  /** Appends one commit. Milliseconds until it is stored: a bare append's round trip. */
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
  // About the size of a usual event.
  events: [JobQueued.of({ why: "needs 0.5 cpuCores, 0 are free ".repeat(4), answers: [] })],
} as const;
