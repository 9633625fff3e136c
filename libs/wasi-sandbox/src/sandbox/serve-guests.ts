import { type Channel, channelOn } from "./channel.ts";
import { freezeIntrinsics } from "./freeze.ts";
import { compile, runGuest } from "./guest.ts";
import type { Ending } from "./protocol.ts";
import type { Memory } from "./webassembly.ts";

// Length of a message that quotes a module: enough to read, and small enough for a frame with every character escaped.
const sentenceMax = 2048;
// Guests of one isolate: a new one costs as much as a process, so a hundredth of that is left for each.
const guestsMax = 100;
// Memory of ended guests that the engine may not have freed yet: a fifth of what a process may use beside its guests' limits.
const leftBytesMax = 64 * 1024 * 1024;

/** Takes one job from the channel and runs it; `end` ends this process, so that a guest cannot catch it. */
export function serveOne(descriptor: number, end: () => void): void {
  freezeIntrinsics();
  const stop = stopper(end);
  const channel = channelOn(descriptor, stop);
  const exit = (ending: Ending): never => {
    emitEnding(channel, ending);
    return stop();
  };
  serve(channel, { exit, isOver: () => false, onMemory: () => {} });
}

/**
 * Runs guests one after another, each with its own instances and memories, until one has failed, or until a hundred have ended, or their
 * memories are large. `end` ends this thread.
 */
export function serveMany(descriptor: number, end: () => void): void {
  freezeIntrinsics();
  const stop = stopper(end);
  const channel = channelOn(descriptor, stop);
  let leftBytes = 0;
  for (let guest = 1; guest <= guestsMax && leftBytes <= leftBytesMax; guest += 1) {
    if (guest > 1) channel.emit({ op: "gone", why: "" });
    const memories = new Set<Memory>();
    const ending = endingOf(channel, (memory) => memories.add(memory));
    // A refused module has no ending.
    if (ending === undefined) break;
    emitEnding(channel, ending);
    if (ending.failure !== undefined) break;
    for (const { buffer } of memories) leftBytes += buffer.byteLength;
  }
  stop();
}

/** Ends a guest that shares its isolate. A guest may catch it; then each further call of the guest to the host throws it again. */
class GuestEnded {}

function endingOf(channel: Channel, onMemory: (memory: Memory) => void): Ending | undefined {
  let ending: Ending | undefined;
  const exit = (first: Ending): never => {
    ending ??= first;
    throw new GuestEnded();
  };
  try {
    serve(channel, { exit, isOver: () => ending !== undefined, onMemory });
  } catch (failure) {
    if (!(failure instanceof GuestEnded)) throw failure;
  }
  return ending;
}

interface Serving {
  readonly exit: (ending: Ending) => never;
  readonly isOver: () => boolean;
  readonly onMemory: (memory: Memory) => void;
}

function serve(channel: Channel, serving: Serving): void {
  channel.emit({ op: "ready" });
  const { job, body } = channel.job();
  const modules = compile(job, body);
  if ("why" in modules) {
    channel.emit({ op: "refused", why: modules.why.slice(0, sentenceMax) });
  } else {
    channel.emit({ op: "compiled" });
    runGuest(channel, job, { modules, ...serving });
  }
}

function emitEnding(channel: Channel, { exitCode, failure }: Ending): void {
  const short = failure === undefined ? undefined : { ...failure, why: failure.why.slice(0, sentenceMax) };
  channel.emit({ op: "ended", exitCode, failure: short });
}

const stopper = (end: () => void) => (): never => {
  end();
  throw new Error("a killed guest continues");
};
