import { type BidServer, backoffMs, type Clock, jittered, type Logger, type Random } from "@shoal/core";
import { type ConfirmAnswer, type ConfirmRequest, confirmedMax } from "@shoal/proto";

/** One execution to be confirmed, with the job that it belongs to. */
export type UnconfirmedExecution = ConfirmRequest["executions"][number];

/** What a requester says of one execution. */
export type ConfirmVerdict = ConfirmAnswer["verdicts"][number];

/** Asks the requesters whether executions are this node's still, until there is a verdict. No answer is no verdict. */
export interface Confirmer {
  /** Takes the place of an earlier question about the same execution. */
  ask(question: UnconfirmedExecution): void;
  /** No verdict is needed any more. */
  cancel(executionId: string): void;
  /** What has no verdict yet is asked soon, whatever was waited for. */
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

// Nodes that come back together with their server ask within this time: long enough to spread a few hundred requests, and
// short for whoever waits for a start.
const spreadMs = 200;
// A requester that answers folds up to 64 subjects of the log: milliseconds each, and seconds while the log fails over.
const answerMs = 5_000;
// The pause after a question without a verdict, and the longest: requesters that restart are back within seconds, and a
// cluster without any is not pressed.
const backoff = { firstMs: 500, maxMs: 30_000 } as const;

/** One request is under way at a time, of at most `confirmedMax` executions. */
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
      logger.warn({ executions: executions.length }, "no requester confirms executions, they are asked again");
    plan(failures === 0 ? spreadMs : backoffMs(backoff, failures));
  }
  /** True when the verdict was taken. A question without one goes behind the others. */
  function settle(question: UnconfirmedExecution, verdict: ConfirmVerdict | undefined): boolean {
    const { executionId } = question;
    // Asked once more meanwhile, or not needed any more.
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
