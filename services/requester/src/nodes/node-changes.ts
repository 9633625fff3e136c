import type { Clock, Process } from "@shoal/core";

export interface NodeChangesOptions {
  readonly clock: Clock;
  /** Whether the node may be asked now. */
  readonly isCandidate: (nodeId: string) => boolean;
  /** A node that is silent for as long may not be asked until its next heartbeat, milliseconds. */
  readonly disconnectAfterMs: number;
  /** Called once for all changes of `collectMs`. */
  readonly onChanged: () => void;
}

// HOUSE: joins are gathered for as long, so that a cluster that starts causes one reaction and not one for each node.
const collectMs = 200;

/** Notices when the set of nodes that may be asked grows, or when one of them advertises something else. */
export class NodeChanges implements Process {
  readonly name = "node changes";
  readonly #options: NodeChangesOptions;
  /** The time of each candidate's last heartbeat. */
  readonly #heardAt = new Map<string, number>();
  #cancel: (() => void) | undefined;

  constructor(options: NodeChangesOptions) {
    this.#options = options;
  }

  /** On a heartbeat: the node may have become a candidate. */
  received(nodeId: string): void {
    const { clock, isCandidate, disconnectAfterMs } = this.#options;
    if (!isCandidate(nodeId)) {
      this.#heardAt.delete(nodeId);
      return;
    }
    const now = clock.now();
    const before = this.#heardAt.get(nodeId);
    this.#heardAt.set(nodeId, now);
    if (before === undefined || now - before >= disconnectAfterMs) this.changed();
  }

  gone(nodeId: string): void {
    this.#heardAt.delete(nodeId);
  }

  /** A node changed, or it became known which nodes are absent. */
  changed(): void {
    const { clock, onChanged } = this.#options;
    this.#cancel ??= clock.at(clock.now() + collectMs, () => {
      this.#cancel = undefined;
      onChanged();
    });
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#cancel?.();
  }
}
