import { setTimeout } from "node:timers/promises";
import { CliError } from "../failure.ts";
import { type Child, type ChildPlan, startChild } from "./child.ts";

/** What is told about the processes of a devstack while it runs. */
export interface MemberNews {
  readonly name: string;
  readonly what: "died" | "back";
  readonly why: string;
}

/** A place in a devstack that one process fills, and another one after it when it dies. */
export interface Member {
  readonly name: string;
  /** The process that fills it now. */
  child(): Child;
  /** The process that does the work: the NATS server, not its keeper. */
  pid(): number;
  /** What the process said of itself when it was last ready. */
  facts(): Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

export interface MemberOptions {
  /** The plan of the next process, with what the last one said of itself: a port that was free once is asked for again. */
  readonly plan: (facts: Readonly<Record<string, unknown>>) => ChildPlan;
  readonly restart: boolean;
  readonly onNews: (news: MemberNews) => void;
  /** How long the first start is tried again while a process of an earlier devstack, which was killed, still holds the data. */
  readonly leftoverMs: number;
  /** Ends a first start that has not succeeded yet. */
  readonly signal: AbortSignal;
  /** Called when a process has ended without being asked to, before the next one starts. */
  readonly onDeath?: (facts: Readonly<Record<string, unknown>>) => void;
}

/** How soon a process that died is started again: doubling from the first to the last, from the first again after it ran well for a while. */
export const restartPause = { firstMs: 250, lastMs: 10_000, wellMs: 30_000 } as const;

/** The first process that starts well. */
async function firstChild(plan: ChildPlan, { leftoverMs, signal }: MemberOptions): Promise<Child> {
  const startedAt = performance.now();
  for (let pauseMs: number = restartPause.firstMs; ; pauseMs *= 2) {
    signal.throwIfAborted();
    const child = startChild(plan);
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

/** Starts a process, resolves once it is ready, and from then on starts it again whenever it dies. Throws CliError when the first start fails. */
export async function startMember(name: string, options: MemberOptions): Promise<Member> {
  const { plan, restart, onNews, onDeath } = options;
  let stopping = false;
  let pauseMs: number = restartPause.firstMs;
  let waiting = new AbortController();
  let facts: Readonly<Record<string, unknown>> = {};
  let child = await firstChild(plan(facts), options);
  facts = await child.ready;
  const pid = (): number => (typeof facts["serverPid"] === "number" ? facts["serverPid"] : child.pid);
  watch(child);

  function watch(one: Child): void {
    const startedAt = performance.now();
    one.ended.then((why) => {
      if (stopping) return;
      onDeath?.(facts);
      onNews({ name, what: "died", why });
      if (!restart) return;
      if (performance.now() - startedAt > restartPause.wellMs) pauseMs = restartPause.firstMs;
      waiting = new AbortController();
      setTimeout(pauseMs, undefined, { signal: waiting.signal }).then(again, () => undefined);
      pauseMs = Math.min(pauseMs * 2, restartPause.lastMs);
    });
  }

  function again(): void {
    child = startChild(plan(facts));
    watch(child);
    child.ready.then(
      (said) => {
        facts = said;
        onNews({ name, what: "back", why: `process ${pid()}` });
      },
      () => undefined, // Its end is told by the watch.
    );
  }

  return {
    name,
    child: () => child,
    pid,
    facts: () => facts,
    async stop() {
      stopping = true;
      waiting.abort();
      await child.stop();
    },
  };
}
