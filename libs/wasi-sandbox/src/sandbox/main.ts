/**
 * The process of one guest: started ahead of time, takes one job, and ends with it.
 *
 * It runs under Node's permission model with the right to read this folder and nothing else, so it has no way to open a
 * file of the host, whatever the code in here does: not by a path, not by a link, not by a mistake of ours. All it has is
 * descriptor 3, where it asks the agent by handle and by the guest's own path. It must import nothing but `node:*` and
 * the files beside it.
 */
import { channelOn } from "./channel.ts";
import { compile, runGuest } from "./guest.ts";
import type { Ending } from "./protocol.ts";

// Where the agent's end of the line was put: behind the three standard streams.
const channel = channelOn(3);

// Of a sentence that quotes a module: enough to read, and little enough for a frame however its characters are escaped.
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
  throw new Error("a killed process goes on");
}
