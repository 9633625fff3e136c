import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { channelOn } from "./channel.ts";
import { firstLane, laneHeapBytes } from "./protocol.ts";

// The space for new objects counts beside the heap; V8 uses twice as much in a separate process.
const [youngMebibytes, mebibyte] = [8, 1024 * 1024];

/**
 * Runs guests on `count` lanes: each lane is a descriptor and a thread, which is replaced by a new one when it has ended. On the control
 * descriptor every byte is the number of a lane whose thread is to end; the lane is closed then. Without the node the process ends.
 */
export function startLanes(count: number, controlDescriptor: number): void {
  const threads = new Map<number, Worker>();
  const resourceLimits = {
    maxOldGenerationSizeMb: laneHeapBytes / mebibyte,
    maxYoungGenerationSizeMb: youngMebibytes,
  };
  const start = (lane: number) => {
    const descriptor = firstLane + lane;
    const thread = new Worker(process.argv[1] ?? "", { workerData: descriptor, env: {}, resourceLimits });
    threads.set(lane, thread);
    let why = "";
    thread.on("error", ({ message }) => {
      why = message;
    });
    thread.on("exit", () => {
      // Ended by the node: a thread may have left half a frame, so the lane is not used again.
      if (threads.get(lane) !== thread) return closeSync(descriptor);
      channelOn(descriptor, endProcess).emit({ op: "gone", why });
      start(lane);
    });
  };
  for (let lane = 0; lane < count; lane += 1) start(lane);
  const control = new Socket({ fd: controlDescriptor });
  control.on("data", (lanes: Buffer) => {
    for (const lane of lanes) {
      const thread = threads.get(lane);
      threads.delete(lane);
      void thread?.terminate();
    }
  });
  control.on("error", () => {});
  control.on("close", endProcess);
}

function endProcess(): never {
  process.kill(process.pid, "SIGKILL");
  throw new Error("a killed process continues");
}
