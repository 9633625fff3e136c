import { once } from "node:events";
import { extname } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { Bug, Fault } from "@shoal/core";
import { JudgeApart } from "./judge-apart.ts";

/** A thread beside this one on which replays are judged, so that reading and judging go on at the same time. */
export interface JudgeThread {
  /** A judge for one replay. Close it afterwards. */
  judge(): JudgeApart;
  /** Ends the thread; what is still being judged is refused. */
  close(): Promise<void>;
}

// The source runs from .ts, what was built for publishing from .js.
const program = new URL(`./judge-worker${extname(import.meta.filename)}`, import.meta.url);

/** Starts the thread. Throws what kept it from starting. */
export async function startJudgeThread(worker: Worker = new Worker(program)): Promise<JudgeThread> {
  let closed = false;
  const { promise: ended, resolve: end } = Promise.withResolvers<unknown>();
  // An error is always told before the exit.
  worker.once("error", end);
  worker.once("exit", (code) => {
    const why = closed ? new Fault("LOG_UNREACHABLE", "the replay was closed") : undefined;
    end(why ?? new Bug(`the thread that judges a replay ended by itself, with code ${code}`));
  });
  const failed = ended.then((why) => Promise.reject(why));
  await Promise.race([once(worker, "message"), failed]);
  failed.catch(() => {});
  return {
    judge() {
      const { port1, port2 } = new MessageChannel();
      worker.postMessage(port2, [port2]);
      return new JudgeApart(port1, ended);
    },
    async close() {
      closed = true;
      await worker.terminate();
    },
  };
}
