/** Agreement with a score (more is better), or refusal with a sentence. */
export type Verdict = { readonly fit: true; readonly score: number } | { readonly fit: false; readonly why: string };

/** A check that explains its verdict. */
export interface Policy<Subject> {
  readonly name: string;
  evaluate(subject: Subject): Verdict;
}

/** Agreement, with a score for ranking. */
export const yes = (score = 0): Verdict => ({ fit: true, score });
/** A refusal with its sentence. */
export const no = (why: string): Verdict => ({ fit: false, why });

/** Every policy must agree, and the scores add up. The first refusal decides; it has the policy's name. */
export function evaluateAll<S>(policies: readonly Policy<S>[], subject: S): Verdict {
  let score = 0;
  for (const policy of policies) {
    const verdict = policy.evaluate(subject);
    if (!verdict.fit) return no(`${policy.name}: ${verdict.why}`);
    score += verdict.score;
  }
  return yes(score);
}
