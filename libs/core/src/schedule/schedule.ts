import type { Answer, NodeInfo } from "@shoal/proto";
import { judgeAll } from "../policy.ts";
import type { Wanted } from "./candidate.ts";
import { filters } from "./filters/index.ts";
import { rankers } from "./rankers/index.ts";

export const scheduleLimits = {
  /** Nodes that one look considers. A larger cluster is sampled, so that a look costs the same however large it is. */
  drawn: 64,
  /** Refusals that one look explains; the others are counted only. */
  explained: 20,
} as const;

/** Whom to ask, best first, and why the others are not asked. */
export interface Shortlist {
  readonly nodeIds: readonly string[];
  readonly refusals: readonly Answer[];
}

/** Draws from the nodes, filters and ranks. `fraction` is a die: 0 ≤ n < 1. */
export function shortlist(wanted: Wanted, nodes: readonly NodeInfo[], fraction: () => number): Shortlist {
  const refusals: Answer[] = [];
  const ranked: { readonly nodeId: string; readonly score: number }[] = [];
  for (const info of draw(nodes, fraction)) {
    const verdict = judgeAll(filters, { wanted, info });
    if (verdict.fit) {
      const rank = judgeAll(rankers, { wanted, info });
      // A small die breaks ties, so that equal nodes share the work (the field's 0 to 4).
      ranked.push({ nodeId: info.nodeId, score: (rank.fit ? rank.score : 0) + fraction() * 4 });
    } else if (refusals.length < scheduleLimits.explained) {
      refusals.push({ nodeId: info.nodeId, accepted: false, why: verdict.why });
    }
  }
  ranked.sort((a, b) => b.score - a.score);
  return { nodeIds: ranked.map(({ nodeId }) => nodeId), refusals };
}

/** All of a small cluster; of a large one as many as a look may consider, each node as likely as any other. */
function draw(nodes: readonly NodeInfo[], fraction: () => number): readonly NodeInfo[] {
  if (nodes.length <= scheduleLimits.drawn) return nodes;
  const drawn = new Set<NodeInfo>();
  // Twice as many throws as wanted: a throw may hit the same node again, and the work must stay bounded.
  for (let throws = 0; drawn.size < scheduleLimits.drawn && throws < scheduleLimits.drawn * 2; throws++) {
    const node = nodes[Math.floor(fraction() * nodes.length)];
    if (node !== undefined) drawn.add(node);
  }
  return [...drawn];
}

/** Why a job waits or fails, in one text: how many places were wanted, and each reason with how many nodes gave it. */
export function explainShortage(requested: number, answers: readonly Answer[]): string {
  const reasons = new Map<string, number>();
  for (const { accepted, why } of answers) {
    if (!accepted) reasons.set(why ?? "no answer", (reasons.get(why ?? "no answer") ?? 0) + 1);
  }
  const suitable = answers.filter(({ accepted }) => accepted).length;
  const head = `not enough nodes to run job. requested: ${requested}, available: ${answers.length}, suitable: ${suitable}.`;
  return [head, ...[...reasons].map(([why, times]) => `• ${times} of ${answers.length} nodes: ${why}`)].join("\n");
}
