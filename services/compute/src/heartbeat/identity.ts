import { type BidServer, type Clock, Fault, type Logger, type Process, pause } from "@shoal/core";
import { type Heartbeat, type NodeInfo, protocolLevel } from "@shoal/proto";

/** Identifies one process of a node. */
export interface NodeInstance {
  readonly instanceId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
}

export interface IdentityOptions {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly bidServer: Pick<BidServer, "heartbeat" | "onOwnHeartbeat">;
  readonly logger: Logger;
  readonly instance: NodeInstance;
  readonly info: () => NodeInfo;
  /** Another process under this id has precedence: this one must end, without a goodbye under the shared id. */
  readonly onDuplicate: (why: string) => void;
}

// A live process answers within a round trip; a busy one is detected by its next heartbeats.
const probeMs = 250;
// One probe is answered; further ones in the same interval carry no news.
const answerGapMs = 50;
// Two processes under one id are distinguished once the other one has sent for longer than messages of a dead
// process are in transit.
const seenForMs = 4_000;

/**
 * Ensures that one process uses a node id. A starting process probes first, and does not start when another one
 * answers: throws Fault NODE_ID_IN_USE. Of two processes that could not reach each other at their start, the later one
 * ends once they can.
 */
export function createIdentity(options: IdentityOptions): Process {
  const { clock, bidServer, instance, logger } = options;
  const rivals = new Map<string, number>();
  let listening: { close(): Promise<void> } | undefined;
  let isSettled = false;
  /** This process's probe has come back: messages received from now on were sent after it. */
  let hasEchoed = false;
  let rival: Heartbeat | undefined;
  let answeredAt = Number.NEGATIVE_INFINITY;

  const send = (isProbe: boolean): void =>
    bidServer.heartbeat({
      info: options.info(),
      ...instance,
      protocol: protocolLevel,
      at: clock.now(),
      ...(isProbe ? { isProbe } : {}),
    });

  function answer(): void {
    if (clock.now() - answeredAt < answerGapMs) return;
    answeredAt = clock.now();
    send(false);
  }
  function receive(heartbeat: Heartbeat): void {
    const { instanceId, isProbe, leaving } = heartbeat;
    if (instanceId === instance.instanceId) hasEchoed = true;
    if (instanceId === undefined || instanceId === instance.instanceId || leaving === true) return;
    if (!isSettled) {
      const isAhead = isProbe !== true || isLater(instance, heartbeat);
      if (hasEchoed && isAhead) rival ??= heartbeat;
      return;
    }
    const firstAt = rivals.get(instanceId);
    if (firstAt === undefined) {
      rivals.set(instanceId, clock.now());
      logger.warn({ nodeId: options.nodeId, otherInstanceId: instanceId }, "another process uses this node id");
    }
    if (isProbe === true) answer();
    else if (isLater(instance, heartbeat) && clock.now() - (firstAt ?? clock.now()) >= seenForMs)
      options.onDuplicate(sentence(options.nodeId, heartbeat));
  }
  return {
    name: "identity",
    async start() {
      listening = await bidServer.onOwnHeartbeat(receive);
      send(true);
      await pause(clock, probeMs);
      if (rival !== undefined) throw new Fault("NODE_ID_IN_USE", sentence(options.nodeId, rival));
      isSettled = true;
    },
    async stop() {
      await listening?.close();
    },
  };
}

/**
 * The later of two processes ends; of two that started in the same millisecond, the one with the greater instance id.
 */
function isLater(one: NodeInstance, other: Heartbeat): boolean {
  if (one.startedAt !== other.startedAt) return one.startedAt > other.startedAt;
  return one.instanceId > (other.instanceId ?? "");
}

const sentence = (nodeId: string, { info, startedAt }: Heartbeat): string =>
  `expected no other process under the node id ${nodeId}, got one at ${info.address || "an unknown address"} that started at ${new Date(startedAt).toISOString()}; set another nodeId here, or stop the other process`;
