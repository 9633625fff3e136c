import { channelOn } from "./channel.ts";
import { freezeIntrinsics } from "./freeze.ts";
import { compile, runGuest } from "./guest.ts";
import type { Ending } from "./protocol.ts";

// Length of a message that quotes a module: enough to read, and small enough for a frame with every character escaped.
const sentenceMax = 2048;

/** Takes one job from the channel and runs it; `end` ends this process or thread, so that a guest cannot catch it. */
export function serveOne(descriptor: number, end: () => void): void {
  freezeIntrinsics();
  const stop = (): never => {
    end();
    throw new Error("a killed guest continues");
  };
  const channel = channelOn(descriptor, stop);
  const exit = ({ exitCode, failure }: Ending): never => {
    const short = failure === undefined ? undefined : { ...failure, why: failure.why.slice(0, sentenceMax) };
    channel.emit({ op: "ended", exitCode, failure: short });
    return stop();
  };
  channel.emit({ op: "ready" });
  const { job, body } = channel.job();
  const modules = compile(job, body);
  if ("why" in modules) {
    channel.emit({ op: "refused", why: modules.why.slice(0, sentenceMax) });
  } else {
    channel.emit({ op: "compiled" });
    runGuest(channel, job, { modules, exit });
  }
}
