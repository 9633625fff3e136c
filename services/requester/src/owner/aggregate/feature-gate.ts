import { Fault, featureLevelOf, type Kind, type LeaseSnapshot, type Logger, type Rejection } from "@shoal/core";
import type { StoredEvent } from "@shoal/proto";

export interface FeatureGateOptions {
  /** The highest feature level that this requester supports. */
  readonly supported: number;
  readonly logger: Logger;
}

/**
 * What may be written at the cluster's feature level. A release writes only what the previous release reads, until the
 * level is raised. A requester that does not support the level writes nothing.
 */
export class FeatureGate {
  readonly #options: FeatureGateOptions;
  #level = 1;

  constructor(options: FeatureGateOptions) {
    this.#options = options;
  }

  /** The cluster's level as this requester knows it. */
  level(): number {
    return this.#level;
  }

  supported(): number {
    return this.#options.supported;
  }

  /** Reads the cluster's level from the leases. */
  update({ featureLevel: level }: Pick<LeaseSnapshot, "featureLevel">): void {
    if (level <= this.#level) return;
    this.#level = level;
    const { supported, logger } = this.#options;
    if (this.isBehind())
      logger.warn({ level, supported }, "this requester does not support the cluster's feature level and owns nothing");
    else logger.info({ level, supported }, "the cluster's feature level");
  }

  /** This requester may neither own a shard nor append. */
  isBehind(): boolean {
    return this.#level > this.#options.supported;
  }

  /** Throws Fault REQUESTER_BEHIND where this requester may not decide. */
  demandSupport(): void {
    if (!this.isBehind()) return;
    throw new Fault(
      "REQUESTER_BEHIND",
      `the cluster is at level ${this.#level}, this requester supports up to ${this.#options.supported}`,
    );
  }

  /** Why these events may not be written yet; undefined when they may. */
  rejectionOf(
    kind: Pick<Kind, "name" | "since" | "events" | "levelOf">,
    events: readonly StoredEvent[],
  ): Rejection | undefined {
    const needed = featureLevelOf(kind, events);
    if (needed <= this.#level) return undefined;
    const what = `${kind.name} (${[...new Set(events.map(({ type }) => type))].join(", ")})`;
    return { code: "FEATURE_LEVEL", why: `${what} needs level ${needed}, the cluster is at ${this.#level}` };
  }
}
