import { type Clock, Fault, type Logger, silentLogger, within } from "@shoal/core";
import type { Cgroups } from "./cgroup.ts";
import { type Isolation, isolationsFor } from "./isolation.ts";
import type { SandboxLimits } from "./limits.ts";
import { type SandboxProcess, startSandboxProcess } from "./sandbox-process.ts";

/**
 * A pool of processes that are started ahead of guests, and end when no guest comes for `idleMs`. At most `startsMax` start at a time,
 * however many guests wait, so that a burst does not take the machine from the guests that run.
 */
export interface Pool {
  /** Starts processes up to the pool size, for the guests that follow. */
  fill(): void;
  /** Takes a ready process, the first that waits the first one. Throws a Fault ENGINE_FAILED when none can be started. */
  take(namespace: string): Promise<SandboxProcess>;
  /**
   * Resolves when a process has become ready with an accepted isolation, which ends at once when no guest waits for it; throws as `take`
   * does.
   */
  proven(): Promise<void>;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly clock: Clock;
  readonly limits: SandboxLimits;
  readonly logger?: Logger;
  /** Creates a separate cgroup for each process. */
  readonly cgroups?: Cgroups | undefined;
  /** The isolations to try, best first. */
  readonly isolations?: readonly Isolation[];
  /** Called once with the first isolation that works. */
  readonly onProven?: (isolation: Isolation) => void;
}

/** Creates an empty pool. */
export function pool(options: PoolOptions): Pool {
  return new ProcessPool(options);
}

class ProcessPool implements Pool {
  readonly #options: PoolOptions;
  readonly #idle: SandboxProcess[] = [];
  readonly #takers: PromiseWithResolvers<SandboxProcess>[] = [];
  readonly #alive = new Set<SandboxProcess>();
  readonly #timer: ReturnType<typeof idleTimer>;
  readonly #proof = firstSuccess(() => this.#prove());
  /** Idle processes to have; none from the start of a guest to its end, as a start would take the processor from it. */
  #level = 0;
  #starting = 0;
  #isResting = false;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#timer = idleTimer(options, () => this.#rest());
  }

  fill(): void {
    this.#level = this.#isResting ? 0 : this.#options.limits.poolSize;
    void this.#proof().then(
      (isolation) => this.#refill(isolation),
      () => {},
    );
  }

  async take(): Promise<SandboxProcess> {
    this.#timer.restart();
    this.#isResting = false;
    this.#level = 0;
    const ahead = this.#idle.shift();
    if (ahead !== undefined) return held(ahead);
    const taker = Promise.withResolvers<SandboxProcess>();
    this.#takers.push(taker);
    void this.#proof().then(
      (isolation) => this.#refill(isolation),
      (failure: unknown) => this.#refuse(taker, failure),
    );
    return held(await taker.promise);
  }

  async proven(): Promise<void> {
    await this.#proof();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer.cancel();
    for (const taker of this.#takers.splice(0)) taker.reject(closedFault());
    for (const sandbox of this.#alive) held(sandbox).kill();
    await Promise.all([...this.#alive].map(({ gone }) => gone));
  }

  #rest(): void {
    this.#level = 0;
    this.#isResting = true;
    for (const sandbox of this.#idle.splice(0)) sandbox.kill();
  }

  async #prove(): Promise<Isolation> {
    const { sandbox, isolation } = await firstReady(this.#options, (isolation) => this.#start(isolation));
    this.#options.onProven?.(isolation);
    if (this.#takers.length > 0 || this.#level > 0) this.#give(sandbox);
    else sandbox.kill();
    return isolation;
  }

  #refuse(taker: PromiseWithResolvers<SandboxProcess>, failure: unknown): void {
    const at = this.#takers.indexOf(taker);
    if (at >= 0) this.#takers.splice(at, 1);
    taker.reject(failure);
  }

  #refill(isolation: Isolation): void {
    const { startsMax } = this.#options.limits;
    const lacks = () => this.#idle.length + this.#starting < this.#takers.length + this.#level;
    while (!this.#isClosed && this.#starting < startsMax && lacks()) void this.#startOne(isolation);
  }

  async #startOne(isolation: Isolation): Promise<void> {
    this.#starting += 1;
    try {
      this.#give(await this.#start(isolation));
    } catch (failure) {
      // Only a guest that waits is a reason for another attempt.
      this.#level = 0;
      this.#takers.shift()?.reject(failure);
    }
    this.#starting -= 1;
    this.#refill(isolation);
  }

  #give(sandbox: SandboxProcess): void {
    const taker = this.#takers.shift();
    if (taker !== undefined) taker.resolve(sandbox);
    else if (this.#isResting) sandbox.kill();
    else this.#idle.push(sandbox);
  }

  async #start(isolation: Isolation): Promise<SandboxProcess> {
    if (this.#isClosed) throw closedFault();
    const { clock, limits, cgroups } = this.#options;
    const sandbox = startSandboxProcess(limits, { isolation, group: cgroups?.make() });
    this.#alive.add(sandbox);
    sandbox.hold(false);
    void sandbox.gone.then(() => {
      this.#alive.delete(sandbox);
      const at = this.#idle.indexOf(sandbox);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    try {
      await ready(clock, sandbox, limits);
      return sandbox;
    } catch (failure) {
      sandbox.kill();
      throw failure;
    }
  }
}

const closedFault = (): Fault => new Fault("ENGINE_FAILED", "the wasm executor is closed");

/** The result of the first call that succeeds; a failure is forgotten, as a missing program may be installed meanwhile. */
function firstSuccess<T>(prove: () => Promise<T>): () => Promise<T> {
  let proof: Promise<T> | undefined;
  return () => {
    proof ??= prove().catch((failure: unknown) => {
      proof = undefined;
      throw failure;
    });
    return proof;
  };
}

/** This process waits for it from now on. */
function held(sandbox: SandboxProcess): SandboxProcess {
  sandbox.hold(true);
  return sandbox;
}

/** Calls back when it was not restarted for `idleMs`; never once it is cancelled. */
function idleTimer({ clock, limits }: PoolOptions, onIdle: () => void) {
  let stop: (() => void) | undefined;
  let isCancelled = false;
  return {
    restart() {
      stop?.();
      if (!isCancelled) stop = clock.at(clock.now() + limits.idleMs, onIdle);
    },
    cancel() {
      isCancelled = true;
      stop?.();
    },
  };
}

/** The first process that becomes ready with one of the isolations. */
async function firstReady(
  options: PoolOptions,
  start: (isolation: Isolation) => Promise<SandboxProcess>,
): Promise<{ readonly sandbox: SandboxProcess; readonly isolation: Isolation }> {
  const { logger = silentLogger, isolations = isolationsFor("auto") } = options;
  const refused: string[] = [];
  for (const isolation of isolations) {
    try {
      const sandbox = await start(isolation);
      report(logger, isolation, refused);
      return { sandbox, isolation };
    } catch (failure) {
      if (!(failure instanceof Died)) throw failure;
      refused.push(`${isolation.name}: ${failure.why}`);
    }
  }
  throw new Fault("ENGINE_FAILED", refused.join("; "));
}

async function ready(clock: Clock, sandbox: SandboxProcess, { readyMs }: SandboxLimits): Promise<void> {
  const why = `a process for a guest was not ready within ${readyMs} ms`;
  const { done } = await within(sandbox.frames.next(), {
    clock,
    limitMs: readyMs,
    late: () => new Fault("ENGINE_FAILED", why),
  });
  // The first frame is always `ready`; the end of the stream means that the process died.
  if (done !== true) return;
  await sandbox.gone;
  throw new Died(
    "ENGINE_FAILED",
    `a process for a guest could not be started: ${sandbox.stderrTail().trim() || "its stderr is empty"}`,
  );
}

/** A process exited before it was ready, which is not the effect of a slow machine. */
class Died extends Fault {}

const cure = "install bubblewrap, or allow user namespaces";

function report(logger: Logger, { name }: Isolation, refused: readonly string[]): void {
  if (name !== "none") logger.info({ isolation: name }, "wasm guests are isolated");
  else logger.warn({ cure, refused }, "wasm guests run without isolation from network and processes");
}
