import { type BidServer, backoffMs, type Clock, jittered, type Logger, type Random } from "@shoal/core";
import { type ConfirmAnswer, type ConfirmRequest, confirmedMax } from "@shoal/proto";

/** An execution to be confirmed, with its job. */
export type UnconfirmedExecution = ConfirmRequest["executions"][number];

/** A requester's answer about one execution. */
export type ConfirmVerdict = ConfirmAnswer["verdicts"][number];

/**
 * Asks the requesters whether this node still owns executions, and retries until each has a verdict. A missing answer
 * is not a verdict.
 */
export interface Confirmer {
  /** Replaces an earlier question about the same execution. */
  ask(question: UnconfirmedExecution): void;
  /** Withdraws the question about this execution. */
  cancel(executionId: string): void;
  /** Asks about all executions without a verdict soon, regardless of the current pause. */
  soon(): void;
  close(): void;
}

export interface ConfirmerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly bidServer: Pick<BidServer, "confirm">;
  readonly logger: Logger;
  readonly onVerdict: (verdict: ConfirmVerdict) => void;
}

// Nodes that reconnect together with their server ask within this time: long enough to spread a few hundred requests,
// and short for a client that waits for a start.
const spreadMs = 200;
// To answer, a requester folds up to 64 subjects of the log. That takes milliseconds each, or seconds while the log
// fails over.
const answerMs = 5_000;
// The first and the longest pause after a question without a verdict. Restarted requesters are back within seconds; a
// cluster without requesters is not overloaded.
const backoff = { firstMs: 500, maxMs: 30_000 } as const;

/** One request is in flight at a time, for at most `confirmedMax` executions. */
export function createConfirmer(options: ConfirmerOptions): Confirmer {
  const { clock, random, bidServer, logger, onVerdict } = options;
  const questions = new Map<string, UnconfirmedExecution>();
  let failures = 0;
  let isAsking = false;
  let isClosed = false;
  let cancelPlan: (() => void) | undefined;

  function plan(withinMs: number): void {
    if (cancelPlan !== undefined || isAsking || isClosed || questions.size === 0) return;
    cancelPlan = clock.at(clock.now() + jittered(withinMs, random), () => {
      cancelPlan = undefined;
      void askNow();
    });
  }
  async function askNow(): Promise<void> {
    const executions = [...questions.values()].slice(0, confirmedMax);
    if (executions.length === 0) return;
    isAsking = true;
    const answer = await bidServer.confirm({ executions }, answerMs);
    isAsking = false;
    if (isClosed) return;
    const verdicts = new Map(answer?.verdicts.map((verdict) => [verdict.executionId, verdict]));
    const decided = executions.filter((question) => settle(question, verdicts.get(question.executionId)));
    failures = decided.length > 0 ? 0 : failures + 1;
    if (failures === 1)
      logger.warn({ executions: executions.length }, "no requester answered, retrying the confirmation of executions");
    plan(failures === 0 ? spreadMs : backoffMs(backoff, failures));
  }
  /** True when there is a verdict. A question without a verdict moves to the end of the queue. */
  function settle(question: UnconfirmedExecution, verdict: ConfirmVerdict | undefined): boolean {
    const { executionId } = question;
    // Replaced or withdrawn while the request was in flight.
    if (questions.get(executionId) !== question) return false;
    questions.delete(executionId);
    if (verdict === undefined) questions.set(executionId, question);
    else onVerdict(verdict);
    return verdict !== undefined;
  }
  return {
    ask(question) {
      questions.set(question.executionId, question);
      plan(spreadMs);
    },
    cancel: (executionId) => void questions.delete(executionId),
    soon() {
      failures = 0;
      cancelPlan?.();
      cancelPlan = undefined;
      plan(spreadMs);
    },
    close() {
      isClosed = true;
      cancelPlan?.();
      questions.clear();
    },
  };
}
