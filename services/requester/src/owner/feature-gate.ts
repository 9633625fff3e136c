import { Fault, featureLevelOf, type Kind, type LeaseSnapshot, type Logger, type Rejection } from "@shoal/core";
import type { StoredEvent } from "@shoal/proto";

export interface FeatureGateOptions {
  /** The highest feature level that this requester supports. */
  readonly supported: number;
  readonly logger: Logger;
}

/**
 * What may be written at the cluster's feature level. A release writes only what the one before it reads, until the level is raised; a
 * requester that does not support the level writes nothing.
 */
export class FeatureGate {
  readonly #options: FeatureGateOptions;
  #level = 1;

  constructor(options: FeatureGateOptions) {
    this.#options = options;
  }

  /** The cluster's level as it is known here. */
  level(): number {
    return this.#level;
  }

  supported(): number {
    return this.#options.supported;
  }

  /** Takes the cluster's level over from the leases. */
  update({ featureLevel: level }: Pick<LeaseSnapshot, "featureLevel">): void {
    if (level <= this.#level) return;
    this.#level = level;
    const { supported, logger } = this.#options;
    if (this.isBehind())
      logger.warn({ level, supported }, "this requester is too old for the cluster and owns nothing");
    else logger.info({ level, supported }, "the cluster's feature level");
  }

  /** This requester may own and append nothing. */
  isBehind(): boolean {
    return this.#level > this.#options.supported;
  }

  /** Throws Fault REQUESTER_BEHIND where nothing may be decided here. */
  demandSupport(): void {
    if (!this.isBehind()) return;
    throw new Fault(
      "REQUESTER_BEHIND",
      `the cluster is at level ${this.#level}, ${this.#options.supported} is supported here`,
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
