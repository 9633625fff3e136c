import { no, type Verdict, yes } from "@shoal/core";
import type { Ask, Resources } from "@shoal/proto";
import type { Availability, Parts } from "../../heartbeat/availability.ts";

/** Judges whether this node would run what is asked for, whatever room it has. Quick: it is asked before every bid. */
export interface BidPolicy {
  readonly name: string;
  evaluate(ask: Ask): Verdict | Promise<Verdict>;
}

/** What policies may look at: the node, its parts, and what it allows. */
export interface BidContext {
  readonly parts: Parts;
  readonly availability: Pick<Availability, "problem">;
  readonly labels: Readonly<Record<string, string>>;
  readonly perTask: Resources;
  readonly rejectNetworked: boolean;
  readonly hostNetwork: boolean;
  /** Whether tasks may read this variable of the host; its value or undefined. */
  readonly hostVariable: (name: string) => string | undefined;
  readonly capacity: Resources;
  readonly available: () => Resources;
}

/** Every policy must agree, and the scores add up. The first refusal is the answer, and it names itself. Never throws. */
export async function evaluateAsk(policies: readonly BidPolicy[], ask: Ask): Promise<Verdict> {
  let score = 0;
  for (const policy of policies) {
    try {
      const judged = policy.evaluate(ask);
      // Most need to ask nobody, and every wait costs: a cluster has as many judges as nodes.
      const verdict = judged instanceof Promise ? await judged : judged;
      if (!verdict.fit) return no(`${policy.name}: ${verdict.why}`);
      score += verdict.score;
    } catch (failure) {
      const why = failure instanceof Error ? failure.message : String(failure);
      return no(`${policy.name}: it could not judge this: ${why}`);
    }
  }
  return yes(score);
}
