import { Readable } from "node:stream";
import { assert, type Clock, Fault } from "@shoal/core";
import { lineSplitter } from "@shoal/node";
import type { ErrorCode } from "@shoal/proto";
import type Docker from "dockerode";
import { engineFault } from "./engine-fault.ts";
import { readAll } from "./engine-stream.ts";
import { type OnLine, Progress, pullProgress } from "./pull-progress.ts";
import type { RegistryCredentials } from "./registry-credentials.ts";

/** Limits of one pull. */
export interface PullLimits {
  readonly pullMs: number;
  /** Bytes of the layers as the registry sends them; only the engine knows their unpacked size. */
  readonly imageBytes: number;
}

// Half an hour and 20 GiB: the largest images in common use, over a line that transfers one GB in a minute and a half.
export const pullDefaults: PullLimits = { pullMs: 30 * 60_000, imageBytes: 20 * 1024 ** 3 };

// An engine reports progress several times a second during a pull; five minutes without a message means that the
// registry hangs.
const silenceMaxMs = 5 * 60_000;

// 404: the image does not exist, or this user may not see it. Registries also answer 403 and 401 for that.
const codes: Readonly<Record<number, ErrorCode>> = { 401: "TASK_INVALID", 403: "TASK_INVALID", 404: "TASK_INVALID" };
// Messages with which engines report a missing image under another status, or inside the stream, where there is no
// status.
const isAbsent = /manifest unknown|not found: |repository does not exist|access denied/;

export interface PullOptions extends PullLimits {
  /** The logins for registries; none when left out. */
  readonly credentials?: RegistryCredentials;
}

export interface Pulls {
  /**
   * Pulls an image to the engine. Concurrent pulls of one image share one pull, and its progress goes to all callers.
   * Throws a Fault: TASK_INVALID when the image does not exist, ENGINE_FAILED when the pull fails, STOPPED once
   * `signal` fires. A pull that no workload waits for is aborted.
   */
  pull(image: string, onLine: OnLine, signal?: AbortSignal): Promise<void>;
}

const noLogin: RegistryCredentials = async () => undefined;

export function pulls(docker: Docker, clock: Clock, options: PullOptions): Pulls {
  const { credentials = noLogin, ...limits } = options;
  const underWay = new Map<string, SharedPull>();
  function begin(image: string): SharedPull {
    const listeners: OnLine[] = [];
    const unwanted = new AbortController();
    const pull: Pull = {
      image,
      limits,
      credentials,
      onProgress: pullProgress(image, listeners),
      unwanted: unwanted.signal,
    };
    const done = pullOnce(docker, clock, pull).finally(() => leave(shared));
    const shared: SharedPull = { listeners, done, end: () => unwanted.abort() };
    underWay.set(image, shared);
    return shared;
    function leave(one: SharedPull): void {
      // An aborted pull may already have a successor.
      if (underWay.get(image) === one) underWay.delete(image);
    }
  }
  return {
    pull(image, onLine, signal) {
      const shared = underWay.get(image) ?? begin(image);
      shared.listeners.push(onLine);
      return untilFired(shared.done, signal, () => {
        shared.listeners.splice(shared.listeners.indexOf(onLine), 1);
        if (shared.listeners.length > 0) return;
        underWay.delete(image);
        shared.end();
      });
    },
  };
}

/** A pull with the workloads that wait for it. */
interface SharedPull {
  readonly listeners: OnLine[];
  readonly done: Promise<void>;
  readonly end: () => void;
}

/** Settles like `done`, or rejects with a Fault STOPPED as soon as the signal fires, and then calls `left`. */
function untilFired(done: Promise<void>, signal: AbortSignal | undefined, left: () => void): Promise<void> {
  if (signal === undefined) return done;
  return new Promise((resolve, reject) => {
    const fired = () => {
      left();
      reject(new Fault("STOPPED", "no workload waits for the image any more"));
    };
    done.then(resolve, reject).finally(() => signal.removeEventListener("abort", fired));
    if (signal.aborted) fired();
    else signal.addEventListener("abort", fired, { once: true });
  });
}

// Lines of progress have some hundred characters; a line with a registry's error may have some thousand.
const progressCharsMax = 1_000_000;

interface Pull {
  readonly image: string;
  readonly limits: PullLimits;
  readonly credentials: RegistryCredentials;
  readonly onProgress: (progress: Progress) => void;
  /** Fires when no workload waits for the pull any more. */
  readonly unwanted: AbortSignal;
}

async function pullOnce(docker: Docker, clock: Clock, pull: Pull): Promise<void> {
  const { image, limits, onProgress, unwanted } = pull;
  const silence = pullWatch(clock, image, limits);
  const signal = AbortSignal.any([silence.signal, unwanted]);
  const count = byteCounter(image, limits.imageBytes);
  try {
    const login = await pull.credentials(image);
    const stream = await docker.pull(image, {
      abortSignal: signal,
      ...(login === undefined ? {} : { authconfig: login }),
    });
    assert(stream instanceof Readable, "the engine's client pulls without a stream");
    const splitter = lineSplitter({ lineChars: progressCharsMax });
    await readAll(stream, signal, (chunk) => {
      for (const line of splitter.push(chunk)) {
        if (line.trim() === "") continue;
        silence.broken();
        const progress = Progress.parse(JSON.parse(line));
        if (progress.error !== undefined) throw new Error(progress.error);
        count(progress);
        onProgress(progress);
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

/** Sums the bytes of all layers, and throws a Fault when they exceed the limit of an image. */
function byteCounter(image: string, imageBytes: number): (progress: Progress) => void {
  const layers = new Map<string, number>();
  let total = 0;
  return ({ id, status, progressDetail }) => {
    if (id === undefined || status !== "Downloading") return;
    // A layer that is downloaded a second time after a failure counts once.
    const before = layers.get(id) ?? 0;
    const now = Math.max(before, progressDetail?.current ?? 0);
    layers.set(id, now);
    total += now - before;
    if (total <= imageBytes) return;
    throw new Fault("TASK_INVALID", `pulling ${image}: the image exceeds the limit of ${imageBytes} bytes`);
  };
}

/** Aborts its signal when the registry is silent for too long, and when the whole pull takes too long. */
function pullWatch(clock: Clock, image: string, { pullMs }: PullLimits) {
  const ending = new AbortController();
  const end = (why: string) => ending.abort(new Fault("ENGINE_FAILED", `pulling ${image}: ${why}`));
  const silent = () => end(`the registry has sent nothing for ${silenceMaxMs / 1000} s`);
  const cancelLate = clock.at(clock.now() + pullMs, () => end(`the pull takes longer than ${pullMs / 1000} s`));
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
