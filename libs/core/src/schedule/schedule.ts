import type { Answer, NodeInfo } from "@shoal/proto";
import { evaluateAll } from "../policy.ts";
import type { RankedCandidate } from "./candidate.ts";
import { rankers } from "./rankers/index.ts";

/** Limits of one scheduling decision. */
export const scheduleLimits = {
  /**
   * Nodes that fit and are ranked together. A larger cluster is sampled, so that a decision costs the same in every cluster: where
   * nodes differ only in their load, the best of 16 at random is nearly the best of all.
   */
  drawn: 16,
  /** The same for a job with preferred labels: few nodes may have them. */
  drawnByPreference: 64,
  /** Refusals that one decision explains; the others are only counted. */
  explained: 20,
  /** Classes of one requester. Further jobs are matched one by one: a class costs a check for each heartbeat and a set of node ids. */
  classes: 256,
  /** The longest key of a class: a job with more constraints rarely shares its class. */
  classKeyChars: 8_192,
} as const;

/** The nodes by rank, best first. `fraction` is a random number: 0 ≤ n < 1. */
export function rank(
  { requirements, failuresOn }: Omit<RankedCandidate, "info">,
  nodes: readonly NodeInfo[],
  fraction: () => number,
): readonly string[] {
  const ranked = nodes.map((info) => {
    const verdict = evaluateAll(rankers, { requirements, failuresOn, info });
    // A small random number breaks ties, so that equal nodes share the work (Bacalhau's 0 to 4).
    return { nodeId: info.nodeId, score: (verdict.fit ? verdict.score : 0) + fraction() * 4 };
  });
  return ranked.sort((a, b) => b.score - a.score).map(({ nodeId }) => nodeId);
}

/** Why a job waits or fails, in one text: how many places were requested, and each reason with how many nodes gave it. */
export function explainShortage(requested: number, answers: readonly Answer[]): string {
  const reasons = new Map<string, number>();
  for (const { accepted, why } of answers) {
    if (!accepted) reasons.set(why ?? "no answer", (reasons.get(why ?? "no answer") ?? 0) + 1);
  }
  const suitable = answers.filter(({ accepted }) => accepted).length;
  const head = `not enough nodes to run job. requested: ${requested}, available: ${answers.length}, suitable: ${suitable}.`;
  return [head, ...[...reasons].map(([why, times]) => `• ${times} of ${answers.length} nodes: ${why}`)].join("\n");
}
