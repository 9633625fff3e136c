import { setTimeout } from "node:timers/promises";
import { ApiError, type Client } from "@shoal/client";
import type { Acknowledgements } from "./invariants.ts";
import type { Observer } from "./observer.ts";

/** Clients that keep a cluster busy: each submits a job, perhaps stops it, waits for its end, and submits the next one. */
export interface ClientLoad {
  readonly acknowledgements: Acknowledgements;
  /** Submits no new jobs; resolves when every client has seen the end of its last one. Throws the first unexpected error of a client. */
  finish(): Promise<void>;
}

export interface LoadOptions {
  readonly client: Client;
  readonly observer: Observer;
  /** The number of clients, which is the number of concurrent jobs. */
  readonly clients?: number;
  /** The spec of the next job; by default a mix. */
  readonly spec?: (serial: number) => LoadSpec;
}

/** A job of the load. */
export interface LoadSpec {
  readonly runSeconds: number;
  readonly count: number;
  readonly failWith?: string;
  /** It is stopped as soon as one of its slots is assigned. */
  readonly isStopped?: boolean;
}

// The pause of a client before it retries a refused request.
const againMs = 50;

/** Short and longer ones, one to four partitions, every eleventh fails, every seventh is stopped half-way. */
export function mixed(serial: number): LoadSpec {
  return {
    runSeconds: (serial % 4) / 10,
    count: 1 + (serial % 4),
    ...(serial % 11 === 10 ? { failWith: "the load makes it fail" } : {}),
    isStopped: serial % 7 === 6,
  };
}

export function startLoad({ client, observer, clients = 12, spec = mixed }: LoadOptions): ClientLoad {
  const acknowledged = new Set<string>();
  const stopped = new Set<string>();
  let serial = 0;
  let isOver = false;

  const jobOf = (id: string) => observer.trace.jobs.get(id);

  async function one(load: LoadSpec): Promise<void> {
    const token = crypto.randomUUID();
    const id = await untilAnswered(() =>
      client.submit(specOf(load), { idempotencyToken: token }).then(({ jobId }) => jobId),
    );
    acknowledged.add(id);
    const ended = () => jobOf(id)?.end() !== undefined;
    if (load.isStopped === true) {
      await observer.until(`a place for job ${id}`, () => (jobOf(id)?.placed.size ?? 0) > 0 || ended());
      if ((await untilAnswered(() => stop(id))) === "stopped") stopped.add(id);
    }
    await observer.until(`the end of job ${id}`, ended);
  }

  async function stop(id: string): Promise<"stopped" | "late"> {
    try {
      await client.stop(id, "the load stops it");
      return "stopped";
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 409) return "late";
      throw failure;
    }
  }

  async function work(): Promise<void> {
    while (!isOver) await one(spec(serial++));
  }

  const working = Promise.all(Array.from({ length: clients }, work));
  working.catch(() => {
    isOver = true; // finish() throws it.
  });
  return {
    acknowledgements: { acknowledged, stopped },
    async finish() {
      isOver = true;
      await working;
    },
  };
}

/** Retries, as a well-behaved client does, while no requester responds or the error is retryable. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (failure) {
      const passes =
        failure instanceof ApiError ? [0, 429, 502, 503, 504].includes(failure.status) : isTimeout(failure);
      if (!passes) throw failure;
      await setTimeout(againMs);
    }
  }
}

const isTimeout = (failure: unknown): boolean => failure instanceof DOMException && failure.name === "TimeoutError";

const specOf = ({ runSeconds, count, failWith }: LoadSpec) => ({
  Type: "batch",
  Count: count,
  Tasks: [
    {
      Name: "main",
      Engine: {
        Type: "noop",
        Params: { RunSeconds: runSeconds, ...(failWith === undefined ? {} : { FailWith: failWith }) },
      },
      Resources: { CPU: "100m" },
    },
  ],
});
