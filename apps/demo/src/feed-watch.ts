import type { Client, FeedEvent } from "@shoal/client";
import type { FeedWatch } from "./demo-context.ts";
import { DemoFailure } from "./demo-failure.ts";
import { subjectOf } from "./job-events.ts";

export interface FeedWatchOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: FeedEvent) => void;
}

// Longer than the recovery from losing a requester and a node at once takes on a slow machine.
const waitMs = 45_000;

/** Follows the feed of a cluster from its first event. */
export function watchFeed(client: Client, { signal, onEvent }: FeedWatchOptions): FeedWatch {
  const byJob = new Map<string, FeedEvent[]>();
  const checks = new Set<(jobId: string) => void>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const follow = async (): Promise<void> => {
    for await (const event of client.events({ after: 0, signal })) {
      const about = subjectOf(event);
      const events = byJob.get(about) ?? [];
      events.push(event);
      byJob.set(about, events);
      onEvent(event);
      for (const check of [...checks]) check(about);
    }
  };
  follow().catch(failed.reject);
  signal.addEventListener("abort", () => failed.reject(signal.reason), { once: true });
  const of = (jobId: string): readonly FeedEvent[] => byJob.get(jobId) ?? [];

  async function until(jobId: string, enough: (events: readonly FeedEvent[]) => boolean, what: string) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly FeedEvent[]>();
    const check = (about: string): void => {
      if (about === jobId && enough(of(jobId))) resolve(of(jobId));
    };
    const timer = setTimeout(() => reject(new DemoFailure(`${what}: not seen within ${waitMs / 1000} s`)), waitMs);
    checks.add(check);
    check(jobId);
    try {
      return await Promise.race([promise, failed.promise]);
    } finally {
      clearTimeout(timer);
      checks.delete(check);
    }
  }

  return { of, until };
}
