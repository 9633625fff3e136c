import { Readable } from "node:stream";
import { assert, type Clock, Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";
import type Docker from "dockerode";
import { engineFault } from "./engine-fault.ts";
import { readAll } from "./engine-stream.ts";
import { lineSplitter } from "./line-splitter.ts";
import { Progress, pullTeller, type Say } from "./pull-teller.ts";

// An engine says something several times a second while it pulls; five minutes of silence is a registry that hangs.
const silenceMaxMs = 5 * 60_000;

// 404: no such image, or not for us to see. 403 and 401 are a registry's way to say the same.
const codes: Readonly<Record<number, ErrorCode>> = { 401: "TASK_INVALID", 403: "TASK_INVALID", 404: "TASK_INVALID" };
// What engines say with another status, or inside the stream, where there is none any more.
const isAbsent = /manifest unknown|not found: |repository does not exist|access denied/;

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
      const done = pullOnce(docker, clock, { image, say: pullTeller(image, listeners) });
      underWay.set(image, { listeners, done });
      return done.finally(() => underWay.delete(image));
    },
  };
}

async function pullOnce(docker: Docker, clock: Clock, wanted: { image: string; say: (p: Progress) => void }) {
  const { image, say } = wanted;
  const silence = silenceWatch(clock, image);
  try {
    const stream = await docker.pull(image, { abortSignal: silence.signal });
    assert(stream instanceof Readable, "the engine's client pulls without a stream");
    const take = lineSplitter((line) => {
      silence.broken();
      const progress = Progress.parse(JSON.parse(line));
      if (progress.error !== undefined) throw new Error(progress.error);
      say(progress);
    });
    await readAll(stream, silence.signal, take);
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
  const late = () => {
    const why = `pulling ${image}: the registry has sent nothing for ${silenceMaxMs / 1000} s`;
    ending.abort(new Fault("ENGINE_FAILED", why));
  };
  let cancel = clock.at(clock.now() + silenceMaxMs, late);
  return {
    signal: ending.signal,
    broken: () => {
      cancel();
      cancel = clock.at(clock.now() + silenceMaxMs, late);
    },
    over: () => cancel(),
  };
}
