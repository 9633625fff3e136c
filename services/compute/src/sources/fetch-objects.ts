import { mkdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { Fault } from "@shoal/core";
import { type DownloadPorts, download, type GetAnswer } from "../outbound/download.ts";
import type { Fetched, FetchRequest } from "./source.ts";

/** The objects of a store that are one input. */
export interface ObjectInput<Each extends { readonly key: string }> {
  /** The key in the job's params: of one object, or of all objects whose keys begin with it. */
  readonly key: string;
  readonly isPrefix: boolean;
  readonly objects: readonly Each[];
  /** The name of an object in messages. */
  readonly shown: (key: string) => string;
  /** The SHA-256 of an object, in hex; empty accepts any. */
  readonly sha256Of: (object: Each) => string;
  /** Sends one GET, as `DownloadRequest.open` does. */
  readonly open: (object: Each, headers: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<GetAnswer>;
}

// Enough to hide the round trips of small objects, few beside the connections that stores allow.
const concurrent = 8;
const contentName = "content";
// What a folder takes on ext4, as for archives.
const folderBytes = 4_096;

/**
 * Fetches the objects of one input: one object as a file with its name, several as a folder. Throws a Fault for a key
 * that is not a path below the folder.
 */
export function fetchObjects<Each extends { readonly key: string }>(
  ports: DownloadPorts,
  request: FetchRequest,
  input: ObjectInput<Each>,
): Promise<Fetched> {
  return new ObjectFetch(ports, request, input).run();
}

class ObjectFetch<Each extends { readonly key: string }> {
  readonly #ports: DownloadPorts;
  readonly #request: FetchRequest;
  readonly #input: ObjectInput<Each>;
  readonly #folders = new Set<string>();

  constructor(ports: DownloadPorts, request: FetchRequest, input: ObjectInput<Each>) {
    this.#ports = ports;
    this.#request = request;
    this.#input = input;
  }

  async run(): Promise<Fetched> {
    const { folder, signal } = this.#request;
    const { objects, key, isPrefix } = this.#input;
    const [first] = objects;
    const hostPath = join(folder, contentName);
    if (!isPrefix && first !== undefined) {
      const sizeBytes = await this.#get(first, hostPath, signal);
      return { hostPath, readOnly: true, sizeBytes, name: posix.basename(this.#relative(key)) };
    }
    await mkdir(hostPath);
    return { hostPath, readOnly: true, sizeBytes: await this.#getAll(hostPath) };
  }

  /** Fetches objects concurrently. The first failure ends the others, and is thrown when all of them have ended. */
  async #getAll(folder: string): Promise<number> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#request.signal, failed.signal]);
    const queue = this.#input.objects.values();
    let totalBytes = 0;
    const worker = async () => {
      for (const object of queue) {
        if (signal.aborted) return;
        const path = join(folder, this.#relative(object.key));
        const ownBytes = (await this.#makeFolders(dirname(path), folder)) + (await this.#get(object, path, signal));
        // Added after the waiting: the other workers add meanwhile.
        totalBytes += ownBytes;
      }
    };
    const workers = Array.from({ length: concurrent }, () => worker().catch((failure) => failed.abort(failure)));
    await Promise.all(workers);
    if (failed.signal.aborted) throw failed.signal.reason;
    this.#request.signal.throwIfAborted();
    return totalBytes;
  }

  async #makeFolders(path: string, root: string): Promise<number> {
    let bytes = 0;
    for (let each = path; each !== root && !this.#folders.has(each); each = dirname(each)) {
      this.#folders.add(each);
      this.#request.room.take(folderBytes);
      bytes += folderBytes;
    }
    await mkdir(path, { recursive: true });
    return bytes;
  }

  async #get(object: Each, path: string, signal: AbortSignal): Promise<number> {
    const { shown, sha256Of } = this.#input;
    const open = (headers: Readonly<Record<string, string>>, stop: AbortSignal) =>
      this.#input.open(object, headers, stop);
    const { room } = this.#request;
    return await download(this.#ports, {
      ...{ shown: shown(object.key), path, sha256: sha256Of(object), signal, room, open },
    });
  }

  /** The path of an object below the last folder of the source's key. Throws a Fault for one that leads elsewhere. */
  #relative(key: string): string {
    const { key: ofSource, shown } = this.#input;
    const path = key.slice(ofSource.lastIndexOf("/") + 1);
    const unusable = path.split("/").some((step) => ["", ".", ".."].includes(step) || step.includes("\0"));
    if (unusable) throw new Fault("INPUT_UNAVAILABLE", `${shown(key)}: the key is not a path of a file`);
    return path;
  }
}
