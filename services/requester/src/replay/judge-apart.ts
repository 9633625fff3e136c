import type { MessagePort } from "node:worker_threads";
import { Bug } from "@shoal/core";
import { ChunkWriter, chunkLimits } from "./chunk.ts";
import type { Judge, LogFindings, LogMessage, ViewFindings } from "./judge.ts";
import type { Answer, Order } from "./judge-port.ts";

/** A judge that works elsewhere: what it is given travels there in chunks, and it gives room as it comes along. */
export class JudgeApart implements Judge {
  readonly #port: MessagePort;
  readonly #chunks: ChunkWriter;
  /** Undefined while the log is told. */
  #bucket: string | undefined;
  #inFlight = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #answer: PromiseWithResolvers<Answer> | undefined;
  #failure: unknown;

  /** `ended` resolves with why the other side is no more. */
  constructor(port: MessagePort, ended: Promise<unknown>) {
    this.#port = port;
    this.#chunks = new ChunkWriter((chunk) => this.#handOver(chunk));
    port.on("message", (answer: Answer) => this.#hear(answer));
    ended.then((why) => this.#fail(why));
  }

  commit({ subject, seq, bytes, appended }: LogMessage): void {
    this.#chunks.add({ name: subject, seq, bytes, appended });
  }

  async endOfLog(): Promise<LogFindings> {
    const answer = await this.#ask({ say: "end of log" });
    if (answer.say !== "log") throw new Bug(`wanted what the log came to, found ${answer.say}`);
    return answer.found;
  }

  begins(bucket: string): void {
    this.#chunks.flush();
    this.#bucket = bucket;
    this.#say({ say: "begins", bucket });
  }

  kept(bucket: string, key: string, bytes: Uint8Array | undefined): void {
    if (bucket !== this.#bucket) this.begins(bucket);
    this.#chunks.add({ name: key, seq: 0, bytes, appended: false });
  }

  async endOfViews(): Promise<ViewFindings> {
    const answer = await this.#ask({ say: "end of views" });
    if (answer.say !== "views") throw new Bug(`wanted what the views came to, found ${answer.say}`);
    return answer.found;
  }

  room(): Promise<void> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#inFlight < chunkLimits.inFlight) return undefined;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Lets go of the other side. */
  close(): void {
    this.#port.close();
  }

  #say(order: Order, chunk?: Uint8Array<ArrayBuffer>): void {
    this.#port.postMessage(order, chunk === undefined ? [] : [chunk.buffer]);
  }

  #handOver(chunk: Uint8Array<ArrayBuffer>): void {
    this.#inFlight += 1;
    this.#say(
      this.#bucket === undefined ? { say: "log", chunk } : { say: "bucket", bucket: this.#bucket, chunk },
      chunk,
    );
  }

  async #ask(order: Order): Promise<Answer> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#chunks.flush();
    this.#answer = Promise.withResolvers();
    this.#say(order);
    return await this.#answer.promise;
  }

  #hear(answer: Answer): void {
    if (answer.say !== "done") {
      this.#answer?.resolve(answer);
      return;
    }
    this.#inFlight -= 1;
    if (this.#inFlight >= chunkLimits.inFlight) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  #fail(why: unknown): void {
    this.#failure = why;
    this.#room?.reject(why);
    this.#answer?.reject(why);
  }
}
