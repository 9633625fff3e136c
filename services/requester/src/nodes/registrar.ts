import {
  type ClusterNode,
  causeOf,
  decideNode,
  Fault,
  type Lease,
  type NodeCommand,
  nodeViews,
  type StoredCommit,
} from "@shoal/core";
import { type Heartbeat, type NodeEvent, shardOf } from "@shoal/proto";
import { nodeCraft } from "../owner/craft.ts";
import { Desk } from "../owner/desk.ts";
import { Projector } from "../owner/projector.ts";
import { Showing } from "../owner/showing.ts";
import { untilReachable } from "../owner/until-reachable.ts";
import type { RequesterPorts } from "../ports.ts";

type NodeDesk = Desk<ClusterNode, NodeCommand, NodeEvent>;

export interface RegistrarOptions {
  readonly ports: RequesterPorts;
  /** This requester's id. */
  readonly by: string;
  /** Silence after which a node is taken for gone, milliseconds. */
  readonly disconnectAfterMs: number;
  /** The lease under which this requester decides about a shard's nodes; undefined when another one does. */
  readonly leaseOf: (shard: number) => Lease | undefined;
}

// Between the last two looks at a silent node. A process that slept itself reads in it what has arrived meanwhile: sockets are
// read within milliseconds.
const lookMs = 250;

/** Writes the membership of nodes into the log, for the shards that this requester owns. */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #projector: Projector;
  readonly #closed = new AbortController();
  readonly #desks = new Map<string, Promise<NodeDesk>>();
  readonly #alarms = new Map<string, () => void>();
  /** The last write of each node's view. */
  readonly #shown: Showing;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#projector = new Projector(options.ports.views, options.ports.clock);
    this.#shown = new Showing((nodeId, failure) =>
      options.ports.diary.warn({ nodeId, ...causeOf(failure) }, "a node's view could not be written"),
    );
  }

  /** A heartbeat came in: the node lives, or says that it leaves. */
  heard(heartbeat: Heartbeat): void {
    const { nodeId } = heartbeat.info;
    if (!this.#isMine(nodeId)) return;
    const { now } = this.#options.ports.clock;
    if (heartbeat.leaving === true) {
      this.#disarm(nodeId);
      this.#decide(nodeId, { name: "Miss", why: "it said that it leaves", lastSeenAt: now() });
    } else {
      this.#arm(nodeId, now());
      this.#decide(nodeId, { name: "Hear", heartbeat });
    }
  }

  /** The log knows this node as connected: unless it is heard of, it will be missed. */
  expect(nodeId: string): void {
    if (this.#isMine(nodeId) && !this.#alarms.has(nodeId)) this.#arm(nodeId, this.#options.ports.clock.now());
  }

  /**
   * A commit about a node stands in the log. Whoever wrote it: a former owner may have spoken once more, or died before it could show
   * what it had written. Resolves once the view has it.
   */
  async noticed(stored: StoredCommit): Promise<void> {
    const { id } = stored.aggregate;
    if (!this.#isMine(id)) return;
    try {
      const desk = await this.#deskOf(id);
      await desk.absorb(stored);
      await this.#shown.of(id);
    } catch (failure) {
      this.#failed(id, failure);
    }
  }

  /** Another requester decides about this shard's nodes now. */
  forgetShard(shard: number): void {
    for (const nodeId of [...this.#desks.keys(), ...this.#alarms.keys()]) {
      if (shardOf(nodeId) !== shard) continue;
      this.#disarm(nodeId);
      this.#desks
        .get(nodeId)
        ?.then((desk) => desk.close())
        .catch(() => undefined);
      this.#desks.delete(nodeId);
    }
  }

  close(): void {
    this.#closed.abort();
    for (const nodeId of [...this.#desks.keys(), ...this.#alarms.keys()]) this.forgetShard(shardOf(nodeId));
    this.#projector.close();
  }

  #isMine(nodeId: string): boolean {
    return !this.#closed.signal.aborted && this.#options.leaseOf(shardOf(nodeId)) !== undefined;
  }

  #arm(nodeId: string, heardAt: number): void {
    this.#look(nodeId, heardAt, { at: heardAt + this.#options.disconnectAfterMs - lookMs, isLast: false });
  }

  /** Judges at the last look, unless that comes late: then this process slept, and looks once more. */
  #look(nodeId: string, heardAt: number, { at, isLast }: { readonly at: number; readonly isLast: boolean }): void {
    const { clock } = this.#options.ports;
    const { disconnectAfterMs } = this.#options;
    this.#disarm(nodeId);
    const cancel = clock.at(at, () => {
      this.#alarms.delete(nodeId);
      const now = clock.now();
      if (!isLast || now - at > lookMs) return this.#look(nodeId, heardAt, { at: now + lookMs, isLast: true });
      this.#decide(nodeId, {
        name: "Miss",
        why: `nothing heard of it for ${disconnectAfterMs} ms`,
        lastSeenAt: heardAt,
      });
    });
    this.#alarms.set(nodeId, cancel);
  }

  #disarm(nodeId: string): void {
    this.#alarms.get(nodeId)?.();
    this.#alarms.delete(nodeId);
  }

  #decide(nodeId: string, command: NodeCommand): void {
    const { ports } = this.#options;
    this.#deskOf(nodeId)
      .then(async (desk) => {
        // Nearly every heartbeat says nothing new: look before taking up the pen.
        const decision = decideNode(desk.state(), command, ports.clock.now());
        if (decision.ok && decision.events.length > 0) await desk.command(command);
      })
      .catch((failure: unknown) => this.#failed(nodeId, failure));
  }

  #failed(nodeId: string, failure: unknown): void {
    this.#desks.delete(nodeId); // Read afresh with the next heartbeat, or when that does not come.
    this.expect(nodeId);
    this.#options.ports.diary.warn({ nodeId, ...causeOf(failure) }, "a node's membership could not be written");
  }

  #deskOf(nodeId: string): Promise<NodeDesk> {
    const desk = this.#desks.get(nodeId) ?? this.#open(nodeId);
    this.#desks.set(nodeId, desk);
    return desk;
  }

  async #open(nodeId: string): Promise<NodeDesk> {
    const { ports, by, leaseOf } = this.#options;
    const { log, clock, chance } = ports;
    let reading = true;
    const desk: NodeDesk = new Desk<ClusterNode, NodeCommand, NodeEvent>({
      ref: { kind: "node", namespace: "", id: nodeId },
      craft: nodeCraft,
      log,
      clock,
      chance,
      by,
      epoch: leaseOf(shardOf(nodeId))?.epoch ?? 0,
      changed: ({ before, after, stored }) => {
        if (!reading) this.#shown.add(nodeId, this.#projector.project(nodeViews, { before, after, seq: stored.seq }));
      },
    });
    const read = () => desk.refresh().then(() => true);
    if ((await untilReachable(read, { clock, signal: this.#closed.signal })) === undefined)
      throw new Fault("LOG_UNREACHABLE", `${nodeId} is no longer decided here`);
    reading = false;
    const node = desk.state();
    // The former owner may have been cut off between the log and the view.
    if (node !== undefined)
      this.#shown.add(nodeId, this.#projector.project(nodeViews, { before: undefined, after: node, seq: node.seq }));
    return desk;
  }
}
