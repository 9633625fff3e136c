import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";
import { backoffMs, type Clock, causeOf, Fault, jittered, pause, type Random } from "@shoal/core";
import { diskFault, isDiskFull } from "../disk-fault.ts";
import type { InputRoom } from "../sources/room.ts";
import { ContentChanged } from "../sources/source.ts";

export interface DownloadPorts {
  readonly clock: Clock;
  readonly random: Random;
}

/** A server's answer to a GET: 2xx, or 416 for a range that it does not have. The body is not read yet. */
export interface GetAnswer {
  readonly statusCode: number;
  /** By name in lower case. */
  readonly headers: Readonly<
    Partial<
      Record<
        "etag" | "last-modified" | "content-range" | "content-length" | "date" | "cache-control",
        string | undefined
      >
    >
  >;
  readonly body: Readable;
}

export interface DownloadRequest {
  /** Names the input in messages; contains no credentials. */
  readonly shown: string;
  /** Sends one GET with these headers. A Fault ends the download; after any other error it is sent again. */
  readonly open: (headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<GetAnswer>;
  /** A new file. */
  readonly path: string;
  readonly room: InputRoom;
  readonly signal: AbortSignal;
  /** The SHA-256 that the bytes must have, in hex; empty accepts any. */
  readonly sha256: string;
  /** The ETag or Last-Modified that the first answer must have; empty accepts any. */
  readonly validator?: string | undefined;
}

// Six tries: with the pauses below some 12 s, which covers the restart of a server.
const attemptsMax = 6;
const backoff = { firstMs: 250, maxMs: 8_000 } as const;
// The time after which HTTP clients usually give up on a silent server.
const silenceMs = 30_000;

/**
 * Streams a URL into a new file, with bounded memory, and returns its size. After a break it continues where it was when
 * the server can prove that the file is the same (ETag or Last-Modified), else from the start. Bytes are stored as they
 * are sent: no content encoding is undone, so nothing expands on this node.
 */
export async function download(ports: DownloadPorts, request: DownloadRequest): Promise<number> {
  const { signal, shown, path } = request;
  if (signal.aborted) throw stopped(shown);
  const file = await open(path, "wx").catch((failure: unknown) => {
    throw diskFault(path, failure);
  });
  const transfer = new Transfer(request, file);
  try {
    for (let attempt = 1; ; attempt++) {
      const failure = await attempted(ports.clock, transfer, signal);
      if (failure === undefined) return transfer.finished();
      if (signal.aborted) throw stopped(shown);
      if (failure instanceof Fault) throw failure;
      if (isDiskFull(failure)) throw diskFault(path, failure);
      if (attempt === attemptsMax) {
        const why = `${shown}: ${causeOf(failure).why}, after ${attempt} attempts`;
        throw new Fault("INPUT_UNAVAILABLE", why, { cause: failure });
      }
      await pause(ports.clock, jittered(backoffMs(backoff, attempt), ports.random), signal);
    }
  } finally {
    await file.close();
  }
}

const stopped = (shown: string): Fault => new Fault("STOPPED", `fetching ${shown} was aborted`);

/** One attempt, which ends when the server is silent for too long. Returns the failure, or undefined. */
async function attempted(clock: Clock, transfer: Transfer, stop: AbortSignal): Promise<unknown> {
  const silent = new AbortController();
  let cancel = () => {};
  const progressed = () => {
    cancel();
    cancel = clock.at(clock.now() + silenceMs, () => silent.abort());
  };
  progressed();
  try {
    await transfer.run(AbortSignal.any([stop, silent.signal]), progressed);
    return undefined;
  } catch (failure) {
    return silent.signal.aborted ? new Error(`sent nothing for ${silenceMs / 1_000} s`) : failure;
  } finally {
    cancel();
  }
}

class Transfer {
  readonly #request: DownloadRequest;
  readonly #file: FileHandle;
  #hash: Hash = createHash("sha256");
  #receivedBytes = 0;
  /** Counted in the room: a second start writes over bytes that are counted already. */
  #countedBytes = 0;
  /** Proves to the server which version was begun. */
  #validator = "";

  constructor(request: DownloadRequest, file: FileHandle) {
    this.#request = request;
    this.#file = file;
  }

  async run(signal: AbortSignal, progressed: () => void): Promise<void> {
    const range =
      this.#receivedBytes > 0 && this.#validator !== ""
        ? { range: `bytes=${this.#receivedBytes}-`, "if-range": this.#validator }
        : {};
    const answer = await this.#request.open({ "accept-encoding": "identity", ...range }, signal);
    try {
      const totalBytes = await this.#begin(answer);
      for await (const chunk of answer.body) {
        progressed();
        await this.#write(chunk as Buffer);
      }
      if (totalBytes !== undefined && totalBytes !== this.#receivedBytes)
        throw new Error(`sent ${this.#receivedBytes} of ${totalBytes} bytes`);
    } finally {
      answer.body.destroy();
    }
  }

  /** Checks the size and the checksum of what has arrived. */
  finished(): number {
    const { sha256, shown } = this.#request;
    const actual = this.#hash.digest("hex");
    if (sha256 !== "" && sha256 !== actual)
      throw new Fault("INPUT_UNAVAILABLE", `${shown}: expected SHA-256 ${sha256}, got ${actual}`);
    return this.#receivedBytes;
  }

  /** Continues or starts over, as the server answered. Returns the size of the whole, if it is known. */
  async #begin({ statusCode, headers }: GetAnswer): Promise<number | undefined> {
    if (statusCode === 206 || statusCode === 416) {
      const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
      const { etag = this.#validator, "last-modified": modified } = headers;
      const same = this.#validator === etag || this.#validator === modified;
      if (same && Number(start) === this.#receivedBytes) return total === "*" ? undefined : Number(total);
      // The next attempt starts over, rather than ask for the same range again.
      this.#validator = "";
      throw new Error("answered with another range than it was asked for");
    }
    const { validator = "", shown } = this.#request;
    if (validator !== "" && ![headers.etag, headers["last-modified"]].includes(validator))
      throw new ContentChanged(shown);
    await this.#restart();
    const etag = headers.etag ?? "";
    // If-Range takes no weak validator (RFC 9110, 13.1.5).
    this.#validator = etag === "" || etag.startsWith("W/") ? (headers["last-modified"] ?? "") : etag;
    const length = headers["content-length"];
    return length === undefined ? undefined : Number(length);
  }

  async #restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash("sha256");
    this.#receivedBytes = 0;
  }

  async #write(chunk: Buffer): Promise<void> {
    const endBytes = this.#receivedBytes + chunk.length;
    if (endBytes > this.#countedBytes) {
      this.#request.room.take(endBytes - this.#countedBytes);
      this.#countedBytes = endBytes;
    }
    this.#hash.update(chunk);
    for (let written = 0; written < chunk.length; ) {
      const position = this.#receivedBytes + written;
      written += (await this.#file.write(chunk, written, chunk.length - written, position)).bytesWritten;
    }
    this.#receivedBytes = endBytes;
  }
}
