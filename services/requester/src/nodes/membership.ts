import type { BidClient, Clock, EventLog, Process, ViewEntry, ViewStore } from "@shoal/core";
import { approvals, type Heartbeat, NodeDrain, type NodeInfo, type NodeState } from "@shoal/proto";
import { z } from "zod";
import { ForgottenNodes } from "./forgotten-nodes.ts";

/** What a requester knows of the nodes: live facts from heartbeats, membership from the log's view. */
export interface Membership {
  /** Every node that has sent a heartbeat since this requester started. */
  nodes(): readonly LiveNode[];
  /**
   * The node, if it may be asked now: it sends heartbeats, and the log records it as connected, approved and not
   * draining. A lost execution on a node that the log does not know would never be detected.
   */
  candidate(nodeId: string): NodeInfo | undefined;
  /** The nodes that the log records as connected. */
  connected(): readonly string[];
  /**
   * The log records this node as gone: disconnected, rejected, deleted or forgotten. A node without an entry in the
   * view is looked up in the log.
   */
  isGone(nodeId: string): boolean;
  /** Why a node that is gone does not return with its work; undefined for one that may. */
  removalOf(nodeId: string): string | undefined;
  /** The drain of a node; undefined for one that gets work. */
  drainOf(nodeId: string): NodeDrain | undefined;
  /** The log records that an operator has not approved this node, or has rejected it: its reports are refused. */
  isExcluded(nodeId: string): boolean;
  /** Enough heartbeats have arrived, and few enough nodes are in doubt, to record "no node fits". */
  settled(): boolean;
}

export interface LiveNode {
  readonly heartbeat: Heartbeat;
  /** By this requester's clock, milliseconds since the epoch. */
  readonly heardAt: number;
}

/** What an operator has decided about a node, in its entry of the view. */
const OperatorOrders = z.object({ approval: z.enum(approvals).default("approved"), drain: NodeDrain.optional() });
type OperatorOrders = z.infer<typeof OperatorOrders>;

interface HeardNode extends LiveNode {
  /** What it advertises, with its protocol level. */
  readonly info: NodeInfo;
}

export interface MembershipWatcher {
  received(heartbeat: Heartbeat): void;
  /** The log records this node as gone. */
  gone(nodeId: string): void;
  /** The log knows this node: called for each node at the start, and with every change. */
  known(nodeId: string, state: NodeState): void;
  /** All nodes that the log knows have been reported: at the start, and after each reconnect. */
  resumed(): void;
  /** Nodes had time to send a heartbeat: a node that is not known by now is absent. */
  settled(): void;
}

export interface MembershipOptions {
  readonly bidClient: Pick<BidClient, "onHeartbeat">;
  readonly nodes: Pick<ViewStore, "watch">;
  readonly log: Pick<EventLog, "load">;
  readonly clock: Clock;
  readonly disconnectAfterMs: number;
  /** How long after the start a requester collects heartbeats before it records that no node fits. */
  readonly settleMs: number;
  readonly watcher: MembershipWatcher;
}

/** Follows heartbeats and the nodes view while it runs. */
export class LiveMembership implements Membership, Process {
  readonly name = "membership";
  readonly #options: MembershipOptions;
  readonly #live = new Map<string, HeardNode>();
  readonly #states = new Map<string, NodeState>();
  readonly #orders = new Map<string, OperatorOrders>();
  /** The time of each connected node's last heartbeat, the longest silent one first. */
  readonly #heardAt = new Map<string, number>();
  /** Nodes that send heartbeats and that the log does not know, or the other way round. */
  readonly #unmatched = new Set<string>();
  /** Nodes that were looked up before the view was complete. */
  readonly #unknown = new Set<string>();
  readonly #forgotten: ForgottenNodes;
  readonly #closers: { close(): Promise<void> }[] = [];
  #settledAt = Number.POSITIVE_INFINITY;
  #cancelSettling: (() => void) | undefined;
  #started = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.#forgotten = new ForgottenNodes({ ...options, onForgotten: (nodeId) => this.#forget(nodeId) });
  }

  async start(): Promise<void> {
    const { nodes, bidClient } = this.#options;
    this.#started = true;
    this.#listenFirst();
    this.#closers.push(
      await nodes.watch(">", {
        changed: (nodeId, entry) => this.#seen(nodeId, entry),
        ready: () => this.#options.watcher.resumed(),
      }),
    );
    this.#closers.push(await bidClient.onHeartbeat((heartbeat) => this.#received(heartbeat)));
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#cancelSettling?.();
    this.#forgotten.close();
    await Promise.all(this.#closers.map((each) => each.close()));
  }

  nodes(): readonly LiveNode[] {
    return [...this.#live.values()];
  }

  candidate(nodeId: string): NodeInfo | undefined {
    const live = this.#live.get(nodeId);
    if (this.isExcluded(nodeId) || this.drainOf(nodeId) !== undefined) return undefined;
    return live !== undefined && this.#isFresh(live) && this.#isConnected(live) ? live.info : undefined;
  }

  connected(): readonly string[] {
    return [...this.#states].filter(([, state]) => state === "connected").map(([nodeId]) => nodeId);
  }

  isGone(nodeId: string): boolean {
    if (this.#states.has(nodeId)) return this.#isGone(nodeId) || this.#orders.get(nodeId)?.approval === "rejected";
    if (this.#options.clock.now() < this.#settledAt) this.#unknown.add(nodeId);
    else this.#forgotten.find(nodeId);
    return this.#isGone(nodeId);
  }

  removalOf(nodeId: string): string | undefined {
    if (this.#orders.get(nodeId)?.approval === "rejected") return "node was rejected";
    return this.#forgotten.has(nodeId) ? "node is not part of the cluster any more" : undefined;
  }

  drainOf(nodeId: string): NodeDrain | undefined {
    return this.#orders.get(nodeId)?.drain;
  }

  isExcluded(nodeId: string): boolean {
    return (this.#orders.get(nodeId)?.approval ?? "approved") !== "approved";
  }

  settled(): boolean {
    if (this.#options.clock.now() < this.#settledAt) return false;
    // Only nodes in doubt are checked, however many nodes exist: the longest silent ones come first.
    for (const [nodeId, heardAt] of this.#heardAt) {
      if (this.#options.clock.now() - heardAt < this.#options.disconnectAfterMs) break;
      if (this.#isInDoubt(nodeId)) return false;
    }
    for (const nodeId of this.#unmatched) if (this.#isInDoubt(nodeId)) return false;
    return true;
  }

  /**
   * A node that sends heartbeats and that the log does not know is about to join. A node that the log records as
   * connected and that is silent may be silent because this requester receives nothing: that is not a refusal.
   */
  #isInDoubt(nodeId: string): boolean {
    const live = this.#live.get(nodeId);
    const isFresh = live !== undefined && this.#isFresh(live);
    return isFresh !== (this.#states.get(nodeId) === "connected");
  }

  /** Whether heartbeats and the log agree about a node, apart from freshness. */
  #match(nodeId: string): void {
    const live = this.#live.get(nodeId);
    const isHeard = live !== undefined && live.heartbeat.leaving !== true;
    const state = this.#states.get(nodeId);
    if (state === "disconnected" || (isHeard && state === "connected")) this.#unmatched.delete(nodeId);
    else this.#unmatched.add(nodeId);
  }

  /** Waits from now on for nodes that have sent nothing yet, or that were lost and may return. */
  #listenFirst(): void {
    const { clock, settleMs, watcher } = this.#options;
    this.#cancelSettling?.();
    this.#settledAt = clock.now() + settleMs;
    this.#cancelSettling = clock.at(this.#settledAt, () => {
      watcher.settled();
      for (const nodeId of this.#unknown) if (!this.#states.has(nodeId)) this.#forgotten.find(nodeId);
      this.#unknown.clear();
    });
  }

  #isGone(nodeId: string): boolean {
    return this.#states.get(nodeId) === "disconnected" || this.#forgotten.has(nodeId);
  }

  /** The log has forgotten a node that has no entry. */
  #forget(nodeId: string): void {
    this.#states.delete(nodeId);
    this.#orders.delete(nodeId);
    this.#heardAt.delete(nodeId);
    this.#unmatched.delete(nodeId);
    const live = this.#live.get(nodeId);
    // A node that sends heartbeats is about to join.
    if (live !== undefined && !this.#isRecent(live)) this.#live.delete(nodeId);
    this.#options.watcher.gone(nodeId);
  }

  #received(heartbeat: Heartbeat): void {
    if (heartbeat.isProbe === true) return;
    const { nodeId } = heartbeat.info;
    const heardAt = this.#options.clock.now();
    const info = { ...heartbeat.info, protocol: heartbeat.protocol };
    this.#live.set(nodeId, { heartbeat, info, heardAt });
    this.#heardAt.delete(nodeId);
    if (!this.#isGone(nodeId)) this.#heardAt.set(nodeId, heardAt);
    this.#match(nodeId);
    this.#options.watcher.received(heartbeat);
  }

  #seen(nodeId: string, entry: ViewEntry | undefined): void {
    // Removed or absent: the log records whether the node is forgotten.
    if (entry === undefined) this.#forgotten.find(nodeId);
    const state = entry?.["state"];
    if (state !== "connected" && state !== "disconnected") return;
    this.#forgotten.delete(nodeId);
    this.#states.set(nodeId, state);
    const orders = OperatorOrders.safeParse(entry);
    if (orders.success) this.#orders.set(nodeId, orders.data);
    if (state === "disconnected") this.#heardAt.delete(nodeId);
    this.#match(nodeId);
    this.#options.watcher.known(nodeId, state);
    if (state === "disconnected" && this.#started) this.#listenFirst();
    if (this.isGone(nodeId)) this.#options.watcher.gone(nodeId);
  }

  #isConnected({ heartbeat }: LiveNode): boolean {
    return this.#states.get(heartbeat.info.nodeId) === "connected";
  }

  #isFresh(live: LiveNode): boolean {
    return this.#isRecent(live) && !this.#isGone(live.heartbeat.info.nodeId);
  }

  #isRecent({ heartbeat, heardAt }: LiveNode): boolean {
    const { clock, disconnectAfterMs } = this.#options;
    return heartbeat.leaving !== true && clock.now() - heardAt < disconnectAfterMs;
  }
}
