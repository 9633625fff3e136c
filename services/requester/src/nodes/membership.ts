import type { Clock, Market, Process, ViewEntry, ViewStore } from "@shoal/core";
import type { Heartbeat, NodeInfo, NodeState } from "@shoal/proto";

/** What a requester knows of the nodes: live facts from heartbeats, membership from the log's view. */
export interface Membership {
  /** Every node that was heard of since this requester started. */
  nodes(): readonly LiveNode[];
  /**
   * The nodes that may be asked now: heard of lately, and connected as the log knows it. What runs on a node that the log does not
   * know would never be missed.
   */
  askable(): readonly NodeInfo[];
  /** The nodes that the log knows as connected. */
  connected(): readonly string[];
  /** The log says that this node is gone. */
  isGone(nodeId: string): boolean;
  /** So much has been heard, and so little is in doubt, that "no node fits" is worth saying. */
  settled(): boolean;
}

export interface LiveNode {
  readonly heartbeat: Heartbeat;
  /** By this requester's clock, milliseconds since the epoch. */
  readonly heardAt: number;
}

export interface MembershipWatcher {
  heard(heartbeat: Heartbeat): void;
  /** The log says that this node is gone. */
  gone(nodeId: string): void;
  /** The log knows this node: told for each at the start, and with every change. */
  known(nodeId: string, state: NodeState): void;
  /** All nodes that the log knows have been told: at the start, and whenever the connection was away. */
  resumed(): void;
  /** Nodes had time to speak: what is not known by now is not there. */
  settled(): void;
}

export interface MembershipOptions {
  readonly market: Pick<Market, "onHeartbeat">;
  readonly nodes: Pick<ViewStore, "watch">;
  readonly clock: Clock;
  readonly disconnectAfterMs: number;
  /** How long after the start a requester listens before it says that no node fits. */
  readonly settleMs: number;
  readonly watcher: MembershipWatcher;
}

/** Listens to heartbeats and to the nodes view while it runs. */
export class LiveMembership implements Membership, Process {
  readonly name = "membership";
  readonly #options: MembershipOptions;
  readonly #live = new Map<string, LiveNode>();
  readonly #states = new Map<string, NodeState>();
  readonly #closers: { close(): Promise<void> }[] = [];
  #settledAt = Number.POSITIVE_INFINITY;
  #cancelSettling: (() => void) | undefined;
  #started = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { nodes, market } = this.#options;
    this.#started = true;
    this.#listenFirst();
    this.#closers.push(
      await nodes.watch(">", {
        changed: (nodeId, entry) => this.#seen(nodeId, entry),
        ready: () => this.#options.watcher.resumed(),
      }),
    );
    this.#closers.push(await market.onHeartbeat((heartbeat) => this.#heard(heartbeat)));
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#cancelSettling?.();
    await Promise.all(this.#closers.map((each) => each.close()));
  }

  nodes(): readonly LiveNode[] {
    return [...this.#live.values()];
  }

  askable(): readonly NodeInfo[] {
    return this.nodes()
      .filter((node) => this.#isFresh(node) && this.#isConnected(node))
      .map(({ heartbeat }) => heartbeat.info);
  }

  connected(): readonly string[] {
    return [...this.#states].filter(([, state]) => state === "connected").map(([nodeId]) => nodeId);
  }

  isGone(nodeId: string): boolean {
    return this.#states.get(nodeId) === "disconnected";
  }

  settled(): boolean {
    if (this.#options.clock.now() < this.#settledAt) return false;
    // One that is heard and not known yet is about to be.
    if (this.nodes().some((node) => this.#isFresh(node) && !this.#isConnected(node))) return false;
    // A node that the log calls connected and that is not heard may be silent because nothing reaches us: that is no "no".
    return this.connected().every((nodeId) => {
      const live = this.#live.get(nodeId);
      return live !== undefined && this.#isFresh(live);
    });
  }

  /** From now on there is time to speak for nodes that have not, or that were lost and may be back at once. */
  #listenFirst(): void {
    const { clock, settleMs, watcher } = this.#options;
    this.#cancelSettling?.();
    this.#settledAt = clock.now() + settleMs;
    this.#cancelSettling = clock.at(this.#settledAt, () => watcher.settled());
  }

  #heard(heartbeat: Heartbeat): void {
    if (heartbeat.isProbe === true) return;
    this.#live.set(heartbeat.info.nodeId, { heartbeat, heardAt: this.#options.clock.now() });
    this.#options.watcher.heard(heartbeat);
  }

  #seen(nodeId: string, entry: ViewEntry | undefined): void {
    const state = entry?.["state"];
    if (state !== "connected" && state !== "disconnected") return;
    this.#states.set(nodeId, state);
    this.#options.watcher.known(nodeId, state);
    if (state === "connected") return;
    if (this.#started) this.#listenFirst();
    this.#options.watcher.gone(nodeId);
  }

  #isConnected({ heartbeat }: LiveNode): boolean {
    return this.#states.get(heartbeat.info.nodeId) === "connected";
  }

  #isFresh({ heartbeat, heardAt }: LiveNode): boolean {
    const { clock, disconnectAfterMs } = this.#options;
    return (
      heartbeat.leaving !== true && !this.isGone(heartbeat.info.nodeId) && clock.now() - heardAt < disconnectAfterMs
    );
  }
}
