import { Readable } from "node:stream";
import { assert, type Clock, Fault } from "@shoal/core";
import { lineSplitter } from "@shoal/node";
import type { ErrorCode } from "@shoal/proto";
import type Docker from "dockerode";
import { engineFault } from "./engine-fault.ts";
import { readAll } from "./engine-stream.ts";
import { Progress, pullProgress, type Say } from "./pull-progress.ts";

/** What one pull may take. */
export interface PullLimits {
  readonly pullMs: number;
  /** Bytes of its layers as the registry sends them; what they unpack to only the engine knows. */
  readonly imageBytes: number;
}

// Half an hour and 20 GiB: the largest images in common use, over a line that brings a gigabyte in a minute and a half.
export const pullDefaults: PullLimits = { pullMs: 30 * 60_000, imageBytes: 20 * 1024 ** 3 };

// An engine says something several times a second while it pulls; five minutes of silence is a registry that hangs.
const silenceMaxMs = 5 * 60_000;

// 404: no such image, or not for us to see. 403 and 401 are a registry's way to say the same.
const codes: Readonly<Record<number, ErrorCode>> = { 401: "TASK_INVALID", 403: "TASK_INVALID", 404: "TASK_INVALID" };
// What engines say with another status, or inside the stream, where there is none any more.
const isAbsent = /manifest unknown|not found: |repository does not exist|access denied/;

export interface Pulls {
  /**
   * Brings an image to the engine; pulls of the same image at the same time are one pull, told to all who wait. Throws a Fault:
   * TASK_INVALID when the image does not exist, ENGINE_FAILED when it could not be brought here, STOPPED once `signal` fires. A pull
   * that no work waits for any more is ended.
   */
  pull(image: string, say: Say, signal?: AbortSignal): Promise<void>;
}

export function pulls(docker: Docker, clock: Clock, limits: PullLimits): Pulls {
  const underWay = new Map<string, SharedPull>();
  function begin(image: string): SharedPull {
    const listeners: Say[] = [];
    const unwanted = new AbortController();
    const pull: Pull = { image, limits, say: pullProgress(image, listeners), unwanted: unwanted.signal };
    const done = pullOnce(docker, clock, pull).finally(() => leave(shared));
    const shared: SharedPull = { listeners, done, end: () => unwanted.abort() };
    underWay.set(image, shared);
    return shared;
    function leave(one: SharedPull): void {
      // One that was ended may have a successor already.
      if (underWay.get(image) === one) underWay.delete(image);
    }
  }
  return {
    pull(image, say, signal) {
      const shared = underWay.get(image) ?? begin(image);
      shared.listeners.push(say);
      return untilFired(shared.done, signal, () => {
        shared.listeners.splice(shared.listeners.indexOf(say), 1);
        if (shared.listeners.length > 0) return;
        underWay.delete(image);
        shared.end();
      });
    },
  };
}

/** A pull with the works that wait for it. */
interface SharedPull {
  readonly listeners: Say[];
  readonly done: Promise<void>;
  readonly end: () => void;
}

/** The end of `done`, or a Fault STOPPED as soon as the signal fires; `left` is called then. */
function untilFired(done: Promise<void>, signal: AbortSignal | undefined, left: () => void): Promise<void> {
  if (signal === undefined) return done;
  return new Promise((resolve, reject) => {
    const fired = () => {
      left();
      reject(new Fault("STOPPED", "nothing waits for the image any more"));
    };
    done.then(resolve, reject).finally(() => signal.removeEventListener("abort", fired));
    if (signal.aborted) fired();
    else signal.addEventListener("abort", fired, { once: true });
  });
}

// Lines of progress have some hundred characters; one that carries an error of a registry may have some thousand.
const progressCharsMax = 1_000_000;

interface Pull {
  readonly image: string;
  readonly limits: PullLimits;
  readonly say: (progress: Progress) => void;
  /** Fires when no work waits for it any more. */
  readonly unwanted: AbortSignal;
}

async function pullOnce(docker: Docker, clock: Clock, { image, limits, say, unwanted }: Pull): Promise<void> {
  const silence = pullWatch(clock, image, limits);
  const signal = AbortSignal.any([silence.signal, unwanted]);
  const count = byteCounter(image, limits.imageBytes);
  try {
    const stream = await docker.pull(image, { abortSignal: signal });
    assert(stream instanceof Readable, "the engine's client pulls without a stream");
    const splitter = lineSplitter({ lineChars: progressCharsMax });
    await readAll(stream, signal, (chunk) => {
      for (const line of splitter.push(chunk)) {
        if (line.trim() === "") continue;
        silence.broken();
        const progress = Progress.parse(JSON.parse(line));
        if (progress.error !== undefined) throw new Error(progress.error);
        count(progress);
        say(progress);
      }
    });
  } catch (failure) {
    throw pullFault(silence.signal.aborted ? silence.signal.reason : failure, image);
  } finally {
    silence.over();
  }
}

function pullFault(failure: unknown, image: string): Fault {
  const fault = engineFault(failure, `pulling ${image}`, codes);
  return isAbsent.test(fault.why)
    ? new Fault("TASK_INVALID", fault.why, { details: fault.details, cause: failure })
    : fault;
}

/** Counts what has come of all layers, and throws a Fault when it is more than an image may have. */
function byteCounter(image: string, imageBytes: number): (progress: Progress) => void {
  const layers = new Map<string, number>();
  let total = 0;
  return ({ id, status, progressDetail }) => {
    if (id === undefined || status !== "Downloading") return;
    // A layer that is fetched once more after a failure is counted once.
    const before = layers.get(id) ?? 0;
    const now = Math.max(before, progressDetail?.current ?? 0);
    layers.set(id, now);
    total += now - before;
    if (total <= imageBytes) return;
    throw new Fault(
      "TASK_INVALID",
      `pulling ${image}: the image has more than the ${imageBytes} bytes that one may have`,
    );
  };
}

/** Aborts its signal when nothing has broken the silence for too long, and when the pull takes too long as a whole. */
function pullWatch(clock: Clock, image: string, { pullMs }: PullLimits) {
  const ending = new AbortController();
  const end = (why: string) => ending.abort(new Fault("ENGINE_FAILED", `pulling ${image}: ${why}`));
  const silent = () => end(`the registry has sent nothing for ${silenceMaxMs / 1000} s`);
  const cancelLate = clock.at(clock.now() + pullMs, () => end(`it is not done after ${pullMs / 1000} s`));
  let cancel = clock.at(clock.now() + silenceMaxMs, silent);
  return {
    signal: ending.signal,
    broken: () => {
      cancel();
      cancel = clock.at(clock.now() + silenceMaxMs, silent);
    },
    over: () => {
      cancel();
      cancelLate();
    },
  };
}
