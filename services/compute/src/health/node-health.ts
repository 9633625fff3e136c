import { statfs } from "node:fs/promises";
import { type Clock, causeOf, type Logger, type Process } from "@shoal/core";
import { type HealthCheck, healthTimes, isWrong, type LogHealthWatch, logChecks } from "@shoal/nats";

/** Inputs of a node's health. */
export interface NodeHealthParts {
  readonly watch: LogHealthWatch;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dataDir: string;
  readonly heartbeatMs: number;
}

/** Whether a node can do its work, and why not. */
export interface NodeHealth {
  /** False when only a restart helps. */
  alive(): boolean;
  checks(): readonly HealthCheck[];
  /** The node has started or stopped following its assignments. */
  open(is: boolean): void;
  /** A heartbeat was sent. */
  beat(): void;
}

/** Free bytes of dataDir below which a node is not ready: its journal and small inputs need about this much. */
const freeBytesMin = 64 * 1024 * 1024;
// Below this share of free disk the node works, but an operator should act.
const freePartLow = 0.1;
// Missed heartbeats after which the process counts as hanging: the requesters have counted the node as lost long
// before.
const beatsMissedMax = 60;

/** Health as a process: it checks the log and the disk while it runs. */
export function createNodeHealth(parts: NodeHealthParts): NodeHealth & Process {
  const { watch, clock, logger, dataDir, heartbeatMs } = parts;
  let disk: HealthCheck = { name: "data disk", ok: true, reason: "not checked yet" };
  let isOpen = false;
  let isWarned = false;
  let beatAt = clock.now();
  let cancel = () => {};
  let isRunning = false;

  async function check(): Promise<void> {
    const { clock: offset } = watch.now();
    const wrong = offset !== undefined && isWrong(offset);
    if (wrong && !isWarned) logger.warn({ ...offset }, "this machine's clock differs from the NATS server's");
    isWarned = wrong;
    disk = await diskCheck(dataDir);
    if (isRunning) cancel = clock.at(clock.now() + healthTimes.everyMs, () => void check());
  }
  const sinceBeatMs = () => clock.now() - beatAt;
  return {
    name: "health",
    async start() {
      isRunning = true;
      watch.start();
      await check();
    },
    async stop() {
      isRunning = false;
      cancel();
      watch.stop();
    },
    alive: () => sinceBeatMs() < heartbeatMs * beatsMissedMax,
    checks: () => [
      ...logChecks(watch.now(), clock.now()),
      { name: "assignments", ok: isOpen, reason: isOpen ? "followed" : "not started, or stopping" },
      heartbeatCheck(sinceBeatMs(), heartbeatMs),
      disk,
    ],
    open(is) {
      isOpen = is;
    },
    beat() {
      beatAt = clock.now();
    },
  };
}

// One heartbeat may be late; two missing ones are a failure.
const beatsLate = 3;

function heartbeatCheck(agoMs: number, everyMs: number): HealthCheck {
  return { name: "heartbeat", ok: agoMs < everyMs * beatsLate, reason: `sent ${Math.max(agoMs, 0)} ms ago` };
}

async function diskCheck(dataDir: string): Promise<HealthCheck> {
  const name = "data disk";
  try {
    const { bavail, bsize, blocks } = await statfs(dataDir);
    const freeBytes = bavail * bsize;
    const isLow = bavail < blocks * freePartLow;
    const reason = `${Math.round(freeBytes / 1024 ** 2)} MiB free`;
    return { name, ok: freeBytes >= freeBytesMin, reason, ...(isLow ? { warning: true } : {}) };
  } catch (failure) {
    return { name, ok: false, reason: causeOf(failure).why };
  }
}
