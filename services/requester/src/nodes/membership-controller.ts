import {
  type Clock,
  type CommandReply,
  causeOf,
  type Lease,
  type Logger,
  type NodeCommand,
  type Process,
} from "@shoal/core";
import { type Heartbeat, shardOf } from "@shoal/proto";
import type { AddressedCommand } from "../owner/aggregate/mailbox.ts";

export interface MembershipControllerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Silence after which a node counts as disconnected, milliseconds. */
  readonly disconnectAfterMs: number;
  /** How long a node may be disconnected before it is forgotten, milliseconds; the decider's default when left out. */
  readonly forgetAfterMs?: number;
  /** Nodes that join wait for an operator's approval; they need none when left out. */
  readonly manualApproval?: boolean;
  /** The lease under which this requester decides about a shard's nodes; undefined when another requester does. */
  readonly leaseOf: (shard: number) => Lease | undefined;
  /** Decides a command on an aggregate; undefined when this requester does not own it. */
  readonly command: (given: AddressedCommand) => Promise<CommandReply> | undefined;
}

// The time between the last two checks of a silent node. A process that was suspended itself reads in it the heartbeats
// that have arrived meanwhile: sockets are read within milliseconds.
const lookMs = 250;

/** Turns heartbeats, and their absence, into commands to nodes of the shards that this requester owns. */
export class MembershipController implements Process {
  readonly name = "membership controller";
  readonly #options: MembershipControllerOptions;
  readonly #timers = new Map<string, () => void>();
  #isClosed = false;

  constructor(options: MembershipControllerOptions) {
    this.#options = options;
  }

  /** On a heartbeat: the node is alive, or announces that it leaves. */
  onHeartbeat(heartbeat: Heartbeat): void {
    const { nodeId } = heartbeat.info;
    if (!this.#isMine(nodeId)) return;
    const now = this.#options.clock.now();
    if (heartbeat.leaving === true) {
      this.#disarm(nodeId);
      this.#give(nodeId, this.#missed("the node announced that it leaves", now));
    } else {
      this.#watch(nodeId, now);
      this.#give(nodeId, {
        ...{ name: "RecordHeartbeat", heartbeat },
        ...(this.#options.manualApproval === true ? { isManual: true } : {}),
      });
    }
  }

  /** The log records this node as connected: it is checked for missing heartbeats. */
  expect(nodeId: string): void {
    if (this.#isMine(nodeId) && !this.#timers.has(nodeId)) this.#watch(nodeId, this.#options.clock.now());
  }

  /** Another requester decides about this shard's nodes now. */
  forgetShard(shard: number): void {
    for (const nodeId of [...this.#timers.keys()]) if (shardOf(nodeId) === shard) this.#disarm(nodeId);
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#isClosed = true;
    for (const nodeId of [...this.#timers.keys()]) this.#disarm(nodeId);
  }

  #isMine(nodeId: string): boolean {
    return !this.#isClosed && this.#options.leaseOf(shardOf(nodeId)) !== undefined;
  }

  #watch(nodeId: string, heardAt: number): void {
    const { disconnectAfterMs } = this.#options;
    this.#check(nodeId, heardAt, { at: heardAt + disconnectAfterMs - lookMs, isLast: false });
  }

  /** Decides at the last check, unless that check is late: then this process was suspended, and checks once more. */
  #check(nodeId: string, heardAt: number, { at, isLast }: { readonly at: number; readonly isLast: boolean }): void {
    const { clock, disconnectAfterMs } = this.#options;
    this.#disarm(nodeId);
    const cancel = clock.at(at, () => {
      this.#timers.delete(nodeId);
      const now = clock.now();
      if (!isLast || now - at > lookMs) return this.#check(nodeId, heardAt, { at: now + lookMs, isLast: true });
      const why = `no heartbeat for ${disconnectAfterMs} ms`;
      this.#give(nodeId, this.#missed(why, heardAt));
    });
    this.#timers.set(nodeId, cancel);
  }

  #missed(why: string, lastSeenAt: number): NodeCommand {
    const { forgetAfterMs } = this.#options;
    return { name: "Miss", why, lastSeenAt, ...(forgetAfterMs === undefined ? {} : { forgetAfterMs }) };
  }

  #disarm(nodeId: string): void {
    this.#timers.get(nodeId)?.();
    this.#timers.delete(nodeId);
  }

  #give(nodeId: string, command: NodeCommand): void {
    const aggregate = { kind: "node", namespace: "", id: nodeId };
    const reply = this.#options.command({ aggregate, command, actor: { type: "node", id: nodeId } });
    reply?.catch((failure: unknown) => {
      if (!this.#isMine(nodeId)) return;
      this.expect(nodeId);
      this.#options.logger.warn({ nodeId, ...causeOf(failure) }, "could not record a node's membership");
    });
  }
}
