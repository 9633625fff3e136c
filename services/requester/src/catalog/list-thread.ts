import { SHARE_ENV, Worker } from "node:worker_threads";
import { type Clock, Fault } from "@shoal/core";
import type { JobPage, JobQuery } from "./catalog.ts";

/** What the thread answers to a query. */
export type ListAnswer = { readonly page: JobPage } | { readonly failure: string };

export interface ListThreadParts {
  /** The index; it exists when the first list is read. */
  readonly file: string;
  readonly clock: Clock;
  /** The most memory of the thread's heap; `listLimits` when left out. */
  readonly heapMebibytes?: number;
}

/** The limits of the lists of jobs. */
export const listLimits = {
  /** Lists that wait for the thread: as many as the clients of a busy cluster; each takes some milliseconds. */
  waitingMax: 1_000,
  /** How long one call may take, with its wait: below the 30 s of a handler, and enough for as many pages of 10 ms. */
  callMs: 20_000,
  /** After this without a list the thread ends: an idle requester has none. Longer than the interval of a page that polls. */
  idleMs: 30_000,
  /** The heap of the thread: a page of `pageBytes` as texts, joined and encoded, and as much for its search. */
  heapMebibytes: 64,
} as const;

// As a sandbox's: the space for new objects counts beside the heap.
const youngMebibytes = 8;

const script = new URL("./list-worker.ts", import.meta.url);

interface WaitingList {
  readonly query: JobQuery;
  readonly settled: PromiseWithResolvers<JobPage>;
}

/**
 * Reads lists in a thread with its own connection to the index, one after another, so that they block nothing else. The
 * thread starts with the first list; when it dies, the list that it read fails, and the next one starts another.
 */
export class ListThread {
  readonly #parts: ListThreadParts;
  readonly #waiting: WaitingList[] = [];
  #current: WaitingList | undefined;
  #worker: Worker | undefined;
  #cancelIdle = (): void => undefined;
  #isClosed = false;

  constructor(parts: ListThreadParts) {
    this.#parts = parts;
  }

  /** Whether the thread is running. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** One page. Throws Fault TOO_MANY, TIMED_OUT, and NOT_READY when the thread has died. */
  async page(query: JobQuery): Promise<JobPage> {
    if (this.#isClosed) throw new Fault("NOT_READY", "this requester is stopping");
    const { waitingMax, callMs } = listLimits;
    if (this.#waiting.length >= waitingMax) throw new Fault("TOO_MANY", `limit of ${waitingMax} waiting lists reached`);
    const list = { query, settled: Promise.withResolvers<JobPage>() };
    const { clock } = this.#parts;
    const cancel = clock.at(clock.now() + callMs, () => this.#expire(list));
    this.#waiting.push(list);
    this.#next();
    return list.settled.promise.finally(cancel);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const list of this.#waiting.splice(0))
      list.settled.reject(new Fault("NOT_READY", "this requester is stopping"));
    await this.#end("this requester is stopping");
  }

  #next(): void {
    if (this.#current !== undefined || this.#isClosed) return;
    this.#cancelIdle();
    this.#current = this.#waiting.shift();
    const { clock } = this.#parts;
    if (this.#current !== undefined) this.#running().postMessage(this.#current.query);
    else this.#cancelIdle = clock.at(clock.now() + listLimits.idleMs, () => void this.#end("no list"));
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { file, heapMebibytes = listLimits.heapMebibytes } = this.#parts;
    const resourceLimits = { maxOldGenerationSizeMb: heapMebibytes, maxYoungGenerationSizeMb: youngMebibytes };
    // With NODE_COMPILE_CACHE, which the launcher sets: without it the thread loads the program that strips types, 20 MiB.
    const worker = new Worker(script, { workerData: file, env: SHARE_ENV, resourceLimits });
    let why = "it ended";
    worker.on("message", (answer: ListAnswer) => {
      if (this.#worker === worker) this.#settle(answer);
    });
    worker.on("error", (failure) => {
      why = failure instanceof Error ? failure.message : String(failure);
    });
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#settle({ failure: why });
    });
    // A process that is otherwise done does not wait for it.
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #settle(answer: ListAnswer): void {
    const list = this.#current;
    this.#current = undefined;
    if ("page" in answer) list?.settled.resolve(answer.page);
    else list?.settled.reject(new Fault("NOT_READY", `the list could not be read: ${answer.failure}`));
    this.#next();
  }

  #expire(list: WaitingList): void {
    const why = `no page of the list after ${listLimits.callMs} ms: request fewer lists at once`;
    list.settled.reject(new Fault("TIMED_OUT", why));
    const index = this.#waiting.indexOf(list);
    if (index >= 0) this.#waiting.splice(index, 1);
    // A call scans a limited number of jobs: a thread that takes as long does not come back.
    if (this.#current === list) void this.#end(why).then(() => this.#next());
  }

  async #end(why: string): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#cancelIdle();
    this.#current?.settled.reject(new Fault("NOT_READY", `the list was not read: ${why}`));
    this.#current = undefined;
    await worker?.terminate();
  }
}
