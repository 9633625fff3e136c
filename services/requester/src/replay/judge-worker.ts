import { parentPort } from "node:worker_threads";
import { decodeEntry, decodeStored, encodeEntry } from "@shoal/nats";
import { createJudge } from "./judge.ts";
import { serveJudge } from "./judge-port.ts";

// A thread that judges: for each port that it is given, one replay.
parentPort?.on("message", (port) => {
  serveJudge(port, createJudge({ commit: decodeStored, encode: encodeEntry, decode: decodeEntry }));
});
parentPort?.postMessage("ready");
