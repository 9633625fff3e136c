import { parentPort } from "node:worker_threads";
import { decodeEntry, encodeEntry } from "@shoal/nats";
import { commitOf } from "./commit-of.ts";
import { createJudge } from "./judge.ts";
import { serveJudge } from "./judge-port.ts";

// A thread that judges: for each port that it is given, one replay.
parentPort?.on("message", (port) => {
  serveJudge(port, createJudge({ commit: commitOf, encode: encodeEntry, decode: decodeEntry }));
});
parentPort?.postMessage("ready");
