import { once } from "node:events";
import type { Readable } from "node:stream";
import { type Clock, pause } from "@shoal/core";
import type Docker from "dockerode";
import type { Workload } from "../executor.ts";
import { demultiplexer } from "./demultiplexer.ts";
import { wordsOf } from "./engine-fault.ts";
import { engineStream, readAll } from "./engine-stream.ts";

// How long the engine may take to deliver the rest after the container's end; the data is in its memory or on its disk
// by then.
const drainLimitMs = 30_000;

/**
 * Delivers a container's output and resolves at its end. `ended` fires when the container has ended; `cut` stops the
 * reading.
 */
export type OutputStream = (
  output: Workload["output"],
  signals: { ended: AbortSignal; cut: AbortSignal },
) => Promise<void>;

/**
 * The output of a container to which this process attached before the start: complete, and independent of the engine's
 * log.
 */
export function attachedOutput(stream: Readable): OutputStream {
  return (output, { cut }) => readAll(stream, cut, demultiplexer(output));
}

/**
 * The output of a container that an earlier process started, read from the engine's log from the beginning. An engine
 * that follows a log may drop the last lines when the container ends, so the log is read a second time and the missing
 * part is delivered.
 */
export function loggedOutput(docker: Docker, containerId: string): OutputStream {
  const path = `/containers/${containerId}/logs`;
  const log = (follow: boolean) =>
    engineStream(docker, { method: "GET", path, query: { stdout: true, stderr: true, follow } });
  return async (output, { ended, cut }) => {
    const seen = { stdout: 0, stderr: 0 };
    const counted: Workload["output"] = (stream, chunk) => {
      seen[stream] += chunk.length;
      output(stream, chunk);
    };
    await readAll(await log(true), cut, demultiplexer(counted));
    if (!ended.aborted) await once(ended, "abort", { signal: cut });
    await readAll(await log(false), cut, demultiplexer(behind(seen, output)));
  };
}

/** Passes on the bytes of each stream that follow those already delivered. */
function behind(
  seen: { readonly stdout: number; readonly stderr: number },
  output: Workload["output"],
): Workload["output"] {
  const skip = { ...seen };
  return (stream, chunk) => {
    const skipped = Math.min(skip[stream], chunk.length);
    skip[stream] -= skipped;
    if (skipped < chunk.length) output(stream, chunk.subarray(skipped));
  };
}

export interface Listening {
  readonly clock: Clock;
  readonly output: Workload["output"];
  readonly ended: AbortSignal;
  readonly closed: AbortSignal;
}

/**
 * Reads the output to its end, for a bounded time after the container's end. Never rejects: a broken output ends with a
 * line on stderr.
 */
export async function listen(outputStream: OutputStream, { clock, output, ended, closed }: Listening): Promise<void> {
  const cut = new AbortController();
  const received = new AbortController();
  const limit = () =>
    void pause(clock, drainLimitMs, received.signal).then(() => {
      if (!received.signal.aborted) cut.abort();
    });
  ended.addEventListener("abort", limit, { once: true });
  try {
    await outputStream(output, { ended, cut: AbortSignal.any([cut.signal, closed]) });
  } catch (failure) {
    if (closed.aborted) return;
    output("stderr", Buffer.from(`shoal: the rest of this output is lost: ${wordsOf(failure)}\n`));
  } finally {
    received.abort();
  }
}
