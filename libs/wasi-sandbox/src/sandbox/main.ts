/**
 * The process of one guest: started ahead of time, takes one job, and ends with it.
 *
 * It runs under Node's permission model, which allows it to read its own script only, so that this code cannot open another file of the
 * host by a path, by a link or by a bug. It requests files from the node on descriptor 3, by handle and by the guest's own path. It
 * must import only `node:*` and files of this folder, which `sandbox-script.ts` joins into one script.
 */
import { channelOn } from "./channel.ts";
import { freezeIntrinsics } from "./freeze.ts";
import { compile, runGuest } from "./guest.ts";
import type { Ending } from "./protocol.ts";

freezeIntrinsics();

// The descriptor of the channel, after the three standard streams.
const channel = channelOn(3);

// Length of a message that quotes a module: enough to read, and small enough for a frame with every character escaped.
const sentenceMax = 2048;

channel.emit({ op: "ready" });
const { job, body } = channel.job();
const modules = compile(job, body);
if ("why" in modules) {
  channel.emit({ op: "refused", why: modules.why.slice(0, sentenceMax) });
} else {
  channel.emit({ op: "compiled" });
  runGuest(channel, job, { modules, exit });
}

function exit(ending: Ending): never {
  const { exitCode, failure } = ending;
  const short = failure === undefined ? undefined : { ...failure, why: failure.why.slice(0, sentenceMax) };
  channel.emit({ op: "ended", exitCode, failure: short });
  // Not by an exception, which a guest's own handlers could catch, and not by process.exit, which unwinds first.
  process.kill(process.pid, "SIGKILL");
  throw new Error("a killed process continues");
}
