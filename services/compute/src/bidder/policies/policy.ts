import { no, type Verdict, yes } from "@shoal/core";
import type { Ask, Resources } from "@shoal/proto";
import type { Availability, Parts } from "../../heartbeat/availability.ts";
import type { VerdictCache } from "../probes/verdict-cache.ts";

/**
 * Evaluates whether this node would run a task, regardless of free resources. It must be quick: it runs before every
 * bid.
 */
export interface BidPolicy {
  readonly name: string;
  evaluate(ask: Ask): BidVerdict | Promise<BidVerdict>;
}

/** A verdict; a refusal that may change lets the requester ask again. */
export type BidVerdict = Verdict & { readonly mayChange?: boolean };

/** What the node's operator selects jobs by; everything is accepted when it is left out. */
export interface JobSelection {
  /** `local` accepts only tasks with an input on this node. */
  readonly locality: "anywhere" | "local";
  readonly rejectStateless: boolean;
  /** Programs that are asked before each bid. */
  readonly probes: readonly Pick<VerdictCache, "evaluate">[];
}

/** What a policy may read: the node, its parts, and what it allows. */
export interface BidContext {
  readonly parts: Parts;
  readonly availability: Pick<Availability, "problem">;
  readonly labels: Readonly<Record<string, string>>;
  readonly perTask: Resources;
  readonly rejectNetworked: boolean;
  readonly hostNetwork: boolean;
  readonly selection?: JobSelection;
  /** Whether tasks get ports of this node. */
  readonly givesPorts: boolean;
  /** The value of a host variable that tasks may read, or undefined. */
  readonly hostVariable: (name: string) => string | undefined;
  readonly capacity: Resources;
  readonly available: () => Resources;
}

/**
 * All policies must accept, and their scores add up. The first refusal is the answer and carries the policy's name.
 * Never throws.
 */
export async function evaluateAsk(policies: readonly BidPolicy[], ask: Ask): Promise<BidVerdict> {
  let score = 0;
  for (const policy of policies) {
    try {
      const judged = policy.evaluate(ask);
      // Most policies answer synchronously, and each await costs time on every node of the cluster.
      const verdict = judged instanceof Promise ? await judged : judged;
      if (!verdict.fit) return { ...verdict, why: `${policy.name}: ${verdict.why}` };
      score += verdict.score;
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      return no(`${policy.name}: the policy failed: ${why}`);
    }
  }
  return yes(score);
}
