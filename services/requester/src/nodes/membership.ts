import type { Clock, Market, Process, ViewEntry, ViewStore } from "@shoal/core";
import type { Heartbeat, NodeInfo, NodeState } from "@shoal/proto";

/** What a requester knows of the nodes: live facts from heartbeats, membership from the log's view. */
export interface Membership {
  /** Every node that was heard of since this requester started. */
  nodes(): readonly LiveNode[];
  /** The nodes that may be asked now. */
  askable(): readonly NodeInfo[];
  /** The nodes that the log knows as connected. */
  connected(): readonly string[];
  /** The log says that this node is gone. */
  isGone(nodeId: string): boolean;
  /** When so much has been heard that "no node fits" is worth saying; milliseconds since the epoch. */
  settledAt(): number;
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
  /** Nodes had time to speak: what is not known by now is not there. */
  settled(): void;
}

export interface MembershipOptions {
  readonly market: Market;
  readonly nodes: ViewStore;
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

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { clock, settleMs, watcher, nodes, market } = this.#options;
    this.#settledAt = clock.now() + settleMs;
    this.#cancelSettling = clock.at(this.#settledAt, () => watcher.settled());
    this.#closers.push(
      await nodes.watch(">", { changed: (nodeId, entry) => this.#seen(nodeId, entry), ready: () => undefined }),
    );
    this.#closers.push(await market.onHeartbeat((heartbeat) => this.#heard(heartbeat)));
  }

  async stop(): Promise<void> {
    this.#cancelSettling?.();
    await Promise.all(this.#closers.map((each) => each.close()));
  }

  nodes(): readonly LiveNode[] {
    return [...this.#live.values()];
  }

  askable(): readonly NodeInfo[] {
    return this.nodes()
      .filter((node) => this.#isFresh(node))
      .map(({ heartbeat }) => heartbeat.info);
  }

  connected(): readonly string[] {
    return [...this.#states].filter(([, state]) => state === "connected").map(([nodeId]) => nodeId);
  }

  isGone(nodeId: string): boolean {
    return this.#states.get(nodeId) === "disconnected";
  }

  settledAt(): number {
    return this.#settledAt;
  }

  #heard(heartbeat: Heartbeat): void {
    this.#live.set(heartbeat.info.nodeId, { heartbeat, heardAt: this.#options.clock.now() });
    this.#options.watcher.heard(heartbeat);
  }

  #seen(nodeId: string, entry: ViewEntry | undefined): void {
    const state = entry?.["state"];
    if (state !== "connected" && state !== "disconnected") return;
    this.#states.set(nodeId, state);
    this.#options.watcher.known(nodeId, state);
    if (state === "disconnected") this.#options.watcher.gone(nodeId);
  }

  #isFresh({ heartbeat, heardAt }: LiveNode): boolean {
    const { clock, disconnectAfterMs } = this.#options;
    return (
      heartbeat.leaving !== true && !this.isGone(heartbeat.info.nodeId) && clock.now() - heardAt < disconnectAfterMs
    );
  }
}
