import { createInterface } from "node:readline";
import { type Clock, Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";
import type Docker from "dockerode";
import { z } from "zod";
import { engineFault } from "./engine-fault.ts";

// An engine says something several times a second while it pulls; five minutes of silence is a registry that hangs.
const silenceMaxMs = 5 * 60_000;
// Lines told of one pull: an image of a hundred layers, at a handful of lines a layer.
const linesMax = 500;
// Characters of one line: as wide as a terminal gets.
const lineMaxLength = 200;
// Progress within a layer is told at each quarter.
const stepsPerLayer = 4;

const Progress = z.object({
  status: z.string().optional(),
  id: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
  error: z.string().optional(),
});
type Progress = z.infer<typeof Progress>;

// 404: no such image, or not for us to see. 403 and 401 are a registry's way to say the same.
const codes: Readonly<Record<number, ErrorCode>> = { 401: "TASK_INVALID", 403: "TASK_INVALID", 404: "TASK_INVALID" };
// What engines say with another status, or inside the stream, where there is none any more.
const isAbsent = /manifest unknown|not found: |repository does not exist|access denied/;

type Say = (line: string) => void;

export interface Pulls {
  /**
   * Brings an image to the engine; pulls of the same image at the same time are one pull, told to all who wait. Throws a Fault:
   * TASK_INVALID when the image does not exist, ENGINE_FAILED when it could not be brought here.
   */
  pull(image: string, say: Say): Promise<void>;
}

export function pulls(docker: Docker, clock: Clock): Pulls {
  const underWay = new Map<string, { readonly listeners: Say[]; readonly done: Promise<void> }>();
  return {
    pull(image, say) {
      const joined = underWay.get(image);
      if (joined !== undefined) {
        joined.listeners.push(say);
        return joined.done;
      }
      const listeners = [say];
      const done = pullOnce(docker, clock, { image, say: teller(image, listeners) });
      underWay.set(image, { listeners, done });
      return done.finally(() => underWay.delete(image));
    },
  };
}

async function pullOnce(docker: Docker, clock: Clock, wanted: { image: string; say: (p: Progress) => void }) {
  const { image, say } = wanted;
  const silence = silenceWatch(clock, image);
  try {
    const stream = await silence.orThrow(docker.pull(image, { abortSignal: silence.signal }));
    for await (const line of createInterface({ input: stream, signal: silence.signal })) {
      if (line.trim() === "") continue;
      silence.broken();
      const progress = Progress.parse(JSON.parse(line));
      if (progress.error !== undefined) throw new Error(progress.error);
      say(progress);
    }
    silence.signal.throwIfAborted();
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

/** Aborts its signal when nothing has broken the silence for too long. */
function silenceWatch(clock: Clock, image: string) {
  const ending = new AbortController();
  const { promise: silent, reject } = Promise.withResolvers<never>();
  silent.catch(() => {});
  const late = () => {
    const why = `pulling ${image}: the registry has sent nothing for ${silenceMaxMs / 1000} s`;
    ending.abort(new Fault("ENGINE_FAILED", why));
    reject(ending.signal.reason);
  };
  let cancel = clock.at(clock.now() + silenceMaxMs, late);
  return {
    signal: ending.signal,
    orThrow: <T>(promise: Promise<T>): Promise<T> => Promise.race([promise, silent]),
    broken: () => {
      cancel();
      cancel = clock.at(clock.now() + silenceMaxMs, late);
    },
    over: () => cancel(),
  };
}

/** Turns the engine's stream of progress into a bounded number of lines, one for each thing that is new. */
function teller(image: string, listeners: readonly Say[]): (progress: Progress) => void {
  const told = new Set<string>();
  const tell = (line: string) => {
    for (const listener of listeners) listener(line);
  };
  return ({ id, status, progressDetail }) => {
    const { current = 0, total = 0 } = progressDetail ?? {};
    const quarter = total > 0 ? ` ${Math.floor((current / total) * stepsPerLayer) * (100 / stepsPerLayer)} %` : "";
    const line = `${image}: ${id === undefined ? "" : `${id} `}${status ?? ""}${quarter}`.slice(0, lineMaxLength);
    if (told.has(line) || told.size >= linesMax) return;
    told.add(line);
    tell(line);
  };
}
