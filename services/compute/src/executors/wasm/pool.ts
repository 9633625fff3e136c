import { type Clock, Fault } from "@shoal/core";
import { type Cell, startCell } from "./cell.ts";
import { within } from "./deadline.ts";
import type { WasmLimits } from "./limits.ts";

/** Processes that are ready before there is work for them. */
export interface Pool {
  /** Starts processes until as many wait as should. */
  fill(): void;
  /** A process that is ready, for the taker alone. Throws a Fault ENGINE_FAILED when none can be started. */
  take(): Promise<Cell>;
  /** Resolves when a process has become ready; throws as `take` does. */
  proven(): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly cell: Cell;
  readonly ready: Promise<void>;
}

/** A pool without any process yet. */
export function pool(clock: Clock, limits: WasmLimits): Pool {
  const waiting: Waiting[] = [];
  const alive = new Set<Cell>();
  let closed = false;
  const start = (): Waiting => {
    const cell = startCell(limits);
    alive.add(cell);
    cell.hold(false);
    const started = { cell, ready: ready(clock, cell, limits) };
    // Looked at by whoever takes it; until then a failure is nobody's.
    started.ready.catch(() => cell.kill());
    void cell.gone.then(() => {
      alive.delete(cell);
      const at = waiting.indexOf(started);
      if (at >= 0) waiting.splice(at, 1);
    });
    return started;
  };
  const fill = () => {
    while (!closed && waiting.length < limits.poolSize) waiting.push(start());
  };
  return {
    fill,
    take: async () => {
      if (closed) throw new Fault("ENGINE_FAILED", "the wasm executor is closed");
      const taken = waiting.shift() ?? start();
      taken.cell.hold(true);
      await taken.ready;
      return taken.cell;
    },
    proven: async () => {
      fill();
      await waiting[0]?.ready;
    },
    close: async () => {
      closed = true;
      for (const cell of alive) {
        cell.hold(true);
        cell.kill();
      }
      await Promise.all([...alive].map(({ gone }) => gone));
    },
  };
}

async function ready(clock: Clock, cell: Cell, { readyMs }: WasmLimits): Promise<void> {
  const why = `a process for a guest was not ready within ${readyMs} ms`;
  const { done } = await within(clock, cell.frames.next(), { ms: readyMs, why });
  // The first frame can only say that it is ready; the stream's end says that it died instead.
  if (done !== true) return;
  await cell.gone;
  throw new Fault(
    "ENGINE_FAILED",
    `a process for a guest could not be started: ${cell.lastWords().trim() || "it said nothing"}`,
  );
}
