import { setTimeout } from "node:timers/promises";
import { CliError } from "../failure.ts";
import type { Child } from "./child.ts";

/** A change of a process of a running devstack. */
export interface MemberNews {
  readonly name: string;
  readonly what: "died" | "back";
  readonly why: string;
}

/** A member of a devstack: one process at a time, and a new one when it dies. */
export interface Member {
  readonly name: string;
  /** The current process. */
  child(): Child;
  pid(): number;
  /** The facts that the process reported when it was last ready. */
  facts(): Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export interface MemberOptions {
  /** Starts the next process, from the facts of the last one: it reuses its port. */
  readonly start: (facts: Readonly<Record<string, unknown>>) => Child;
  readonly restart: boolean;
  readonly onNews: (news: MemberNews) => void;
  /** How long the first start is retried while a process of an earlier, killed devstack still holds the data. */
  readonly leftoverMs: number;
  /** Cancels a first start that has not succeeded yet. */
  readonly signal: AbortSignal;
}

/** The pause before a restart: doubles from `firstMs` to `lastMs`, and starts over after a process has run for `wellMs`. */
const restartPause = { firstMs: 250, lastMs: 10_000, wellMs: 30_000 } as const;

/** Starts the first process, with retries while the data is locked. */
async function firstChild({ start, leftoverMs, signal }: MemberOptions): Promise<Child> {
  const startedAt = performance.now();
  for (let pauseMs: number = restartPause.firstMs; ; pauseMs *= 2) {
    signal.throwIfAborted();
    const child = start({});
    const stop = (): void => void child.stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      await child.ready;
      return child;
    } catch (failure) {
      const held = failure instanceof CliError && failure.code === "DATA_DIR_IN_USE";
      if (!held || performance.now() - startedAt > leftoverMs) throw failure;
      await setTimeout(pauseMs, undefined, { signal });
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

/** Starts a process, resolves once it is ready, and restarts it whenever it dies. Throws CliError when the first start fails. */
export async function startMember(name: string, options: MemberOptions): Promise<Member> {
  const { start, restart, onNews } = options;
  let stopping = false;
  let pauseMs: number = restartPause.firstMs;
  let waiting = new AbortController();
  let facts: Readonly<Record<string, unknown>> = {};
  let child = await firstChild(options);
  facts = await child.ready;
  watch(child);

  function watch(one: Child): void {
    const startedAt = performance.now();
    one.ended.then((why) => {
      if (stopping) return;
      onNews({ name, what: "died", why });
      if (!restart) return;
      if (performance.now() - startedAt > restartPause.wellMs) pauseMs = restartPause.firstMs;
      waiting = new AbortController();
      setTimeout(pauseMs, undefined, { signal: waiting.signal }).then(startNext, () => undefined);
      pauseMs = Math.min(pauseMs * 2, restartPause.lastMs);
    });
  }

  function startNext(): void {
    child = start(facts);
    watch(child);
    child.ready.then(
      (reported) => {
        facts = reported;
        onNews({ name, what: "back", why: `process ${child.pid()}` });
      },
      () => undefined, // The watch reports its end.
    );
  }

  return {
    name,
    child: () => child,
    pid: () => child.pid(),
    facts: () => facts,
    async stop() {
      stopping = true;
      waiting.abort();
      await child.stop();
    },
  };
}
