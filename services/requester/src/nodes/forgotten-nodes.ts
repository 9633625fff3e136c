import { type Clock, type EventLog, foldNode } from "@shoal/core";

export interface ForgottenNodesOptions {
  readonly log: Pick<EventLog, "load">;
  readonly clock: Clock;
  /** The log has forgotten this node, or has never known it. */
  readonly onForgotten: (nodeId: string) => void;
}

// After the log did not answer: an execution of such a node has waited for days already.
const retryMs = 5_000;

// As many as a large cluster replaces within hours, in one or two megabytes. A dropped one is looked up again.
const knownMax = 10_000;

/**
 * Whether the log has forgotten a node: an entry that is not in a view proves nothing, as the view may be incomplete.
 */
export async function isForgotten(log: Pick<EventLog, "load">, nodeId: string): Promise<boolean> {
  const node = foldNode(await log.load({ kind: "node", namespace: "", id: nodeId }));
  return node === undefined || node.state === "forgotten";
}

/** Looks up in the log which of the nodes without an entry in the view are forgotten. */
export class ForgottenNodes {
  readonly #options: ForgottenNodesOptions;
  /** The oldest first. */
  readonly #known = new Set<string>();
  /** Lookups in progress, each with the function that ends its pause before a retry. */
  readonly #asked = new Map<string, () => void>();

  constructor(options: ForgottenNodesOptions) {
    this.#options = options;
  }

  has(nodeId: string): boolean {
    return this.#known.has(nodeId);
  }

  /** Looks a node up in the log unless the result is known or in progress. */
  find(nodeId: string): void {
    if (this.#known.has(nodeId) || this.#asked.has(nodeId)) return;
    this.#asked.set(nodeId, () => undefined);
    void this.#lookUp(nodeId);
  }

  /** The view has an entry of this node. */
  delete(nodeId: string): void {
    this.#known.delete(nodeId);
    this.#asked.get(nodeId)?.();
    this.#asked.delete(nodeId);
  }

  close(): void {
    for (const nodeId of [...this.#asked.keys()]) this.delete(nodeId);
  }

  async #lookUp(nodeId: string): Promise<void> {
    const { log, clock, onForgotten } = this.#options;
    const mark = this.#asked.get(nodeId);
    const isCurrent = () => this.#asked.get(nodeId) === mark;
    try {
      const found = await isForgotten(log, nodeId);
      if (!isCurrent()) return;
      this.#asked.delete(nodeId);
      if (!found) return;
      this.#add(nodeId);
      onForgotten(nodeId);
    } catch {
      if (!isCurrent()) return;
      const cancel = clock.at(clock.now() + retryMs, () => void this.#lookUp(nodeId));
      this.#asked.set(nodeId, cancel);
    }
  }

  #add(nodeId: string): void {
    this.#known.add(nodeId);
    const [oldest] = this.#known;
    if (this.#known.size > knownMax && oldest !== undefined) this.#known.delete(oldest);
  }
}
