import type { Clock } from "@shoal/core";
import type { Ask } from "@shoal/proto";
import { type Probe, type ProbeVerdict, probeRequest } from "./probe.ts";

/** Limits of all questions together. */
export const verdictLimits = {
  /** Programs that run at once: as many as a small node starts without a delay of its tasks. */
  running: 8,
  /** Jobs that wait for a program; the node refuses further ones for now. */
  waiting: 256,
  /** How long a verdict counts: a job that waits asks about every 30 s, and a program's reasons change. */
  storedMs: 60_000,
} as const;

export interface VerdictCacheOptions {
  readonly probe: Probe;
  readonly nodeId: string;
  readonly clock: Clock;
}

interface CachedVerdict {
  readonly verdict: Promise<ProbeVerdict>;
  readonly askedAt: number;
}

const full: ProbeVerdict = { fit: false, why: "too many jobs wait for this node's probe", mayChange: true };

/**
 * Asks a probe once for each job. A requester waits less than a second for a bid: the verdict of a slow program answers
 * the next ask.
 */
export class VerdictCache {
  readonly #options: VerdictCacheOptions;
  readonly #verdicts = new Map<string, CachedVerdict>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(options: VerdictCacheOptions) {
    this.#options = options;
  }

  evaluate(ask: Ask): Promise<ProbeVerdict> {
    const { clock, nodeId } = this.#options;
    const now = clock.now();
    for (const [key, { askedAt }] of this.#verdicts) {
      if (now - askedAt < verdictLimits.storedMs) break;
      this.#verdicts.delete(key);
    }
    const { jobId, requirements } = ask;
    // A new version of the job is another question.
    const key = `${jobId} ${JSON.stringify(requirements)}`;
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known.verdict;
    if (this.#queue.length >= verdictLimits.waiting) return Promise.resolve(full);
    const verdict = this.#run(probeRequest(nodeId, ask));
    this.#verdicts.set(key, { verdict, askedAt: now });
    verdict.then((result) => {
      if (!result.fit && result.mayChange) this.#verdicts.delete(key);
    });
    return verdict;
  }

  async #run(request: string): Promise<ProbeVerdict> {
    if (this.#running >= verdictLimits.running) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#running++;
    try {
      return await this.#options.probe(request);
    } finally {
      this.#running--;
      this.#queue.shift()?.();
    }
  }
}
