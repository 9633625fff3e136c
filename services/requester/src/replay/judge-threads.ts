import { availableParallelism } from "node:os";
import type { Judge } from "./judge.ts";
import { JudgePanel } from "./judge-panel.ts";
import { startJudgeThread } from "./judge-thread.ts";

/** Threads beside this one on which replays are judged. */
export interface JudgeThreads {
  /** Lends a judge, spread over all threads, for one replay. */
  judging<T>(replay: (judge: Judge) => Promise<T>): Promise<T>;
  /** Ends the threads; what is still being judged is refused. */
  close(): Promise<void>;
}

// To judge a commit takes three times as long as to receive it (measured): more threads would wait for the reader.
const threadsMax = 3;

/** Starts threads, as many as pay on this machine when no number is given. Throws what kept one of them from starting. */
export async function startJudgeThreads(
  count: number = Math.min(availableParallelism(), threadsMax),
): Promise<JudgeThreads> {
  const starting = Array.from({ length: count }, () => startJudgeThread());
  const close = async (): Promise<void> => {
    for (const started of await Promise.allSettled(starting))
      if (started.status === "fulfilled") await started.value.close();
  };
  const threads = await Promise.all(starting).catch((failure) => close().then(() => Promise.reject(failure)));
  return {
    async judging(replay) {
      const judges = threads.map((thread) => thread.judge());
      try {
        return await replay(new JudgePanel(judges));
      } finally {
        for (const judge of judges) judge.close();
      }
    },
    close,
  };
}
