import { type BidServer, type Clock, Fault, type Logger, type Process, pause } from "@shoal/core";
import { type Heartbeat, type NodeInfo, protocolLevel } from "@shoal/proto";

/** Which process of a node this is. */
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
  /** Another process under this id has the older right: this one must end, without a goodbye in the other's name. */
  readonly onDuplicate: (why: string) => void;
}

// A process that lives answers in a round trip; one that is busy for longer is noticed by its next heartbeats.
const probeMs = 250;
// One probe is answered; more of them in the same moment say nothing new.
const answerGapMs = 50;
// Under one id two processes are told apart once the other one was heard for longer than what a dead one said is on its way.
const seenForMs = 4_000;

/**
 * Sees to it that one process uses a node id. A process that starts asks first, and does not start when another one answers: throws
 * Fault NODE_ID_IN_USE. Of two that could not hear each other at their start, the later one ends once they do.
 */
export function createIdentity(options: IdentityOptions): Process {
  const { clock, bidServer, instance, logger } = options;
  const rivals = new Map<string, number>();
  let listening: { close(): Promise<void> } | undefined;
  let isSettled = false;
  /** Our own question has come back: what is heard from now on was said after it. */
  let hasEchoed = false;
  let rival: Heartbeat | undefined;
  let answeredAt = Number.NEGATIVE_INFINITY;

  const say = (isProbe: boolean): void =>
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
    say(false);
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
      say(true);
      await pause(clock, probeMs);
      if (rival !== undefined) throw new Fault("NODE_ID_IN_USE", sentence(options.nodeId, rival));
      isSettled = true;
    },
    async stop() {
      await listening?.close();
    },
  };
}

/** The later of two ends; of two that started in the same millisecond the one with the greater instance id. */
function isLater(one: NodeInstance, other: Heartbeat): boolean {
  if (one.startedAt !== other.startedAt) return one.startedAt > other.startedAt;
  return one.instanceId > (other.instanceId ?? "");
}

const sentence = (nodeId: string, { info, startedAt }: Heartbeat): string =>
  `expected no other process under the node id ${nodeId}, got one at ${info.address || "an unknown address"} that started at ${new Date(startedAt).toISOString()}; set another nodeId here, or stop that one`;
