import { Fault } from "@shoal/core";
import type { Isolation } from "./isolation.ts";
import { LaneProcess } from "./lane-process.ts";
import { type Pool, type PoolOptions, pool } from "./pool.ts";
import { lanesMax } from "./sandbox/protocol.ts";
import type { SandboxProcess } from "./sandbox-process.ts";

interface Taker extends PromiseWithResolvers<SandboxProcess> {
  readonly namespace: string;
  /** When a process is started for it, although its namespace has one. */
  readonly since: number;
}

// A thread starts in a tenth of that. When no lane becomes ready for so long, long guests keep them, and the next ones get a process.
const patienceMs = 500;

/**
 * A pool of processes that each serve the guests of one namespace, in threads. A namespace gets a second process when its guests keep all
 * lanes of the first one. As many processes as the pool size stay without a guest, for `idleMs` at most.
 */
export function namespacePool(options: PoolOptions): Pool {
  return new NamespacePool(options);
}

class NamespacePool implements Pool {
  readonly #options: PoolOptions;
  /** Proves the isolation, by a process for one guest. */
  readonly #proof: Pool;
  readonly #processes = new Map<LaneProcess, string>();
  readonly #starting = new Map<LaneProcess, string>();
  readonly #idleTimers = new Map<LaneProcess, () => void>();
  #takers: readonly Taker[] = [];
  #isolation: Isolation | undefined;
  #isDue = false;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    const limits = { ...options.limits, poolSize: 0 };
    this.#proof = pool({ ...options, limits, onProven: (isolation) => this.#onProven(isolation) });
  }

  fill(): void {}

  async take(namespace: string): Promise<SandboxProcess> {
    await this.proven();
    if (this.#isClosed) throw new Fault("ENGINE_FAILED", "the wasm executor is closed");
    const { clock } = this.#options;
    const taker = { ...Promise.withResolvers<SandboxProcess>(), namespace, since: clock.now() };
    this.#takers = [...this.#takers, taker];
    this.#match();
    return taker.promise;
  }

  proven(): Promise<void> {
    return this.#proof.proven();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const taker of this.#takers) taker.reject(new Fault("ENGINE_FAILED", "the wasm executor is closed"));
    this.#takers = [];
    for (const cancel of this.#idleTimers.values()) cancel();
    const all = [...this.#processes.keys()];
    for (const process of all) process.kill();
    await Promise.all([...all.map(({ gone }) => gone), this.#proof.close()]);
  }

  #onProven(isolation: Isolation): void {
    this.#isolation = isolation;
  }

  /** Gives ready lanes to those who wait, starts processes for the others, and ends those that are not needed. */
  #match(): void {
    if (this.#isClosed) return;
    const waiting: Taker[] = [];
    for (const taker of this.#takers) {
      const lane = this.#laneFor(taker.namespace);
      if (lane === undefined) waiting.push(taker);
      else taker.resolve(lane);
    }
    this.#takers = waiting;
    for (const taker of waiting) this.#startFor(taker);
    this.#matchLater();
    this.#endIdle();
  }

  /** Matches again while guests wait, as their patience ends without any other change. */
  #matchLater(): void {
    if (this.#takers.length === 0 || this.#isDue) return;
    const { clock } = this.#options;
    this.#isDue = true;
    clock.at(clock.now() + patienceMs, () => {
      this.#isDue = false;
      this.#match();
    });
  }

  #of(namespace: string): readonly LaneProcess[] {
    return [...this.#processes].flatMap(([process, of]) => (of === namespace && !process.isDraining ? [process] : []));
  }

  #laneFor(namespace: string): SandboxProcess | undefined {
    for (const process of this.#of(namespace)) {
      const lane = process.take();
      if (lane !== undefined) return lane;
    }
    return undefined;
  }

  #startFor({ namespace, since }: Taker): void {
    const { clock, limits, cgroups } = this.#options;
    const isStarting = [...this.#starting.values()].includes(namespace);
    const own = this.#of(namespace);
    const lastChange = Math.max(since, ...own.map(({ changedAt }) => changedAt));
    const isPatient = own.length > 0 && clock.now() < lastChange + patienceMs;
    const isolation = this.#isolation;
    if (isolation === undefined || isStarting || isPatient || this.#starting.size >= limits.startsMax) return;
    const surroundings = { isolation, group: cgroups?.make(), lanes: Math.min(limits.startsMax, lanesMax) };
    const process = new LaneProcess({ clock, limits, surroundings, onChange: () => this.#match() });
    this.#processes.set(process, namespace);
    this.#starting.set(process, namespace);
    void process.gone.then(() => this.#processes.delete(process));
    process
      .ready()
      .catch((failure: unknown) => {
        process.kill();
        const first = this.#takers.find((taker) => taker.namespace === namespace);
        this.#takers = this.#takers.filter((taker) => taker !== first);
        first?.reject(failure);
      })
      .finally(() => {
        this.#starting.delete(process);
        this.#match();
      });
  }

  #endIdle(): void {
    const { clock, limits } = this.#options;
    const free = [...this.#processes.keys()].filter((one) => one.guests === 0 && !this.#starting.has(one));
    for (const [process, cancel] of this.#idleTimers) {
      if (free.includes(process)) continue;
      cancel();
      this.#idleTimers.delete(process);
    }
    for (const [at, process] of free.entries()) {
      if (process.isDraining || at < free.length - limits.poolSize) process.kill();
      else if (!this.#idleTimers.has(process))
        this.#idleTimers.set(
          process,
          clock.at(clock.now() + limits.idleMs, () => process.kill()),
        );
    }
  }
}
