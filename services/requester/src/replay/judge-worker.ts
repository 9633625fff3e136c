import { parentPort } from "node:worker_threads";
import { decodeEntry, encodeEntry, readStored } from "@shoal/nats";
import { createJudge } from "./judge.ts";
import { serveJudge } from "./judge-port.ts";

// A thread that judges: for each port that it is given, one replay.
parentPort?.on("message", (port) => {
  serveJudge(port, createJudge({ commit: readStored, encode: encodeEntry, decode: decodeEntry }));
});
parentPort?.postMessage("ready");
