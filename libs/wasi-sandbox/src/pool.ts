import { type Clock, Fault, type Logger, silentLogger, within } from "@shoal/core";
import type { Cgroups } from "./cgroup.ts";
import { type Isolation, isolationsFor } from "./isolation.ts";
import type { SandboxLimits } from "./limits.ts";
import { type SandboxProcess, startSandboxProcess } from "./sandbox-process.ts";

/** A pool of processes that are started ahead of guests, and end when no guest comes for `idleMs`. */
export interface Pool {
  /** Starts processes up to the pool size, for the guests that follow the current one. */
  fill(): void;
  /** Takes a ready process out of the pool. Throws a Fault ENGINE_FAILED when none can be started. */
  take(): Promise<SandboxProcess>;
  /** Resolves when a process has become ready with an accepted isolation; throws as `take` does. */
  proven(): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly sandbox: SandboxProcess;
  readonly isolation: Isolation;
  readonly ready: Promise<void>;
}

export interface PoolOptions {
  readonly clock: Clock;
  readonly limits: SandboxLimits;
  readonly logger?: Logger;
  /** Creates a separate cgroup for each process. */
  readonly cgroups?: Cgroups | undefined;
  /** The isolations to try, best first. */
  readonly isolations?: readonly Isolation[];
}

/** Creates an empty pool. */
export function pool(options: PoolOptions): Pool {
  const { clock, limits } = options;
  const waiting: Waiting[] = [];
  const alive = new Set<SandboxProcess>();
  let closed = false;
  const idle = idleTimer(options, () => {
    for (const { sandbox } of waiting.splice(0)) sandbox.kill();
  });
  let proof: Promise<Isolation> | undefined;
  const start = (isolation: Isolation): Waiting => {
    if (closed) throw new Fault("ENGINE_FAILED", "the wasm executor is closed");
    const sandbox = startSandboxProcess(limits, { isolation, group: options.cgroups?.make() });
    alive.add(sandbox);
    sandbox.hold(false);
    const started = { sandbox, isolation, ready: ready(clock, sandbox, limits) };
    // `take` handles the failure; until then it must not be an unhandled rejection.
    started.ready.catch(() => sandbox.kill());
    void sandbox.gone.then(() => {
      alive.delete(sandbox);
      const at = waiting.indexOf(started);
      if (at >= 0) waiting.splice(at, 1);
    });
    return started;
  };
  const prove = async () => {
    const first = await firstReady(options, start);
    waiting.push(first);
    idle.restart();
    return first.isolation;
  };
  const proven = () => {
    proof ??= prove().catch((failure: unknown) => {
      // A missing program may be installed meanwhile, so the next call retries.
      proof = undefined;
      throw failure;
    });
    return proof;
  };
  const fill = async () => {
    const isolation = await proven();
    while (!closed && waiting.length < limits.poolSize) waiting.push(start(isolation));
  };
  return {
    fill: () => void fill().catch(() => {}),
    take: async () => {
      const isolation = await proven();
      idle.restart();
      return held(waiting.shift() ?? start(isolation));
    },
    proven: async () => {
      await proven();
      await waiting[0]?.ready;
    },
    close: async () => {
      closed = true;
      idle.cancel();
      for (const sandbox of alive) {
        sandbox.hold(true);
        sandbox.kill();
      }
      await Promise.all([...alive].map(({ gone }) => gone));
    },
  };
}

/** The process once it is ready; this process waits for it from now on. */
async function held({ sandbox, ready }: Waiting): Promise<SandboxProcess> {
  sandbox.hold(true);
  await ready;
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
async function firstReady(options: PoolOptions, start: (isolation: Isolation) => Waiting): Promise<Waiting> {
  const { logger = silentLogger, isolations = isolationsFor("auto") } = options;
  const refused: string[] = [];
  for (const isolation of isolations) {
    const first = start(isolation);
    try {
      await first.ready;
      report(logger, isolation, refused);
      return first;
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
