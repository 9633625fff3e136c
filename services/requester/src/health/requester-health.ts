import type { Clock, Logger, Process } from "@shoal/core";
import {
  clockCheck,
  type HealthCheck,
  healthTimes,
  isStuck,
  isWrong,
  type LogHealthWatch,
  logChecks,
} from "@shoal/nats";
import { shardCount } from "@shoal/proto";
import type { LiveNode } from "../nodes/membership.ts";
import type { FeatureGate } from "../owner/aggregate/feature-gate.ts";

/** The inputs of a requester's health. */
export interface RequesterHealthParts {
  readonly watch: LogHealthWatch;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The number of owned shards. */
  readonly owned: () => number;
  readonly nodes: () => readonly LiveNode[];
  readonly features: Pick<FeatureGate, "isBehind" | "level" | "supported">;
}

/** Whether a requester can do its work, and why not. */
export interface RequesterHealth {
  /** False when only a restart helps. */
  alive(): boolean;
  /** The checks; the requester is ready when none of them fails. */
  checks(): readonly HealthCheck[];
  /** How far this requester's clock is ahead of the NATS server's; undefined when unknown. */
  clockOffsetMs(): number | undefined;
  /** Opens or closes the API. */
  open(is: boolean): void;
}

/** Health as a process: it polls the log while it runs, and warns about clock differences. */
export function createRequesterHealth(parts: RequesterHealthParts): RequesterHealth & Process {
  const { watch, clock, logger, owned, nodes } = parts;
  const wrongNodes = new Set<string>();
  let isOpen = false;
  let isWarned = false;
  let cancel = () => {};

  function check(): void {
    const { clock: offset } = watch.now();
    const wrong = offset !== undefined && isWrong(offset);
    if (wrong && !isWarned) logger.warn({ ...offset }, "this machine's clock differs from the NATS server's");
    isWarned = wrong;
    for (const node of nodes()) warnOf(node);
    cancel = clock.at(clock.now() + healthTimes.everyMs, check);
  }
  function warnOf({ heartbeat, heardAt }: LiveNode): void {
    const { nodeId } = heartbeat.info;
    // The message was sent before it was received, so a clock that is ahead is off by at least this much. One that is
    // behind may only be late.
    const clockOffset = { offsetMs: heartbeat.at - heardAt, boundMs: 0 };
    if (!isWrong(clockOffset)) return void wrongNodes.delete(nodeId);
    if (wrongNodes.has(nodeId)) return;
    wrongNodes.add(nodeId);
    logger.warn({ nodeId, offsetMs: clockOffset.offsetMs }, "a node's clock differs from this requester's");
  }
  return {
    name: "health",
    async start() {
      watch.start();
      check();
    },
    async stop() {
      cancel();
      watch.stop();
    },
    alive: () => !isStuck(watch.now(), clock.now()),
    checks() {
      const shards = owned();
      const reason = shards === 0 ? "owns none, watches all" : `owns ${shards} of ${shardCount} shards`;
      const started = isOpen ? { ok: true, reason } : { ok: false, reason: "not started, or stopping" };
      return [...logChecks(watch.now(), clock.now()), { name: "shards", ...started }, featureCheck(parts.features)];
    },
    clockOffsetMs: () => watch.now().clock?.offsetMs,
    open(is) {
      isOpen = is;
    },
  };
}

function featureCheck(features: RequesterHealthParts["features"]): HealthCheck {
  const levels = `the cluster is at level ${features.level()}, this requester supports up to ${features.supported()}`;
  const reason = features.isBehind() ? `${levels}: it owns nothing until it is upgraded` : levels;
  return { name: "features", ok: !features.isBehind(), reason };
}

/** For tests and tools without a log: always healthy. */
export const wellHealth: RequesterHealth = {
  alive: () => true,
  checks: () => [clockCheck(undefined)],
  clockOffsetMs: () => undefined,
  open: () => {},
};
