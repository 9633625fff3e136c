import { DatabaseSync } from "node:sqlite";
import { parentPort, type Transferable, workerData } from "node:worker_threads";
import type { JobQuery } from "./catalog.ts";
import type { ListAnswer } from "./list-thread.ts";
import { pageReader } from "./page-reader.ts";

// The thread of the lists: one page for each message, on a separate connection. It loads no schemas, so that it starts
// within some milliseconds and takes little memory.

// The writer holds locks for moments only, as when it resets the write-ahead log.
const busyMs = 1_000;

const database = new DatabaseSync(String(workerData), { readOnly: true, timeout: busyMs });
const read = pageReader(database);

parentPort?.on("message", (query: JobQuery) => {
  const { answer, transfer } = answerTo(query);
  parentPort?.postMessage(answer, transfer);
});

function answerTo(query: JobQuery): { readonly answer: ListAnswer; readonly transfer: Transferable[] } {
  try {
    const page = read(query);
    return { answer: { page }, transfer: page.json.buffer instanceof ArrayBuffer ? [page.json.buffer] : [] };
  } catch (failure) {
    return { answer: { failure: failure instanceof Error ? failure.message : String(failure) }, transfer: [] };
  }
}
