import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { causeOf, Fault } from "@shoal/core";
import { sourceParams } from "@shoal/proto";
import type { CID } from "multiformats";
import { diskFault, isDiskFull } from "../../disk-fault.ts";
import type { Fetched, FetchRequest, Source } from "../source.ts";
import { type DagVisitor, readDag } from "./read-dag.ts";
import { type BlockPorts, verifiedBlocks } from "./verified-blocks.ts";

const IpfsSourceParams = sourceParams.ipfs;

const contentName = "content";
// The same as of an inline archive: each costs the node a few file system calls.
const entriesMax = 10_000;
// What a folder, and a file of any size, takes on ext4.
const entryBytes = 4_096;

/** Fetches files and folders from IPFS. */
export function ipfs(ports: BlockPorts): Source {
  return {
    name: "ipfs",
    params: IpfsSourceParams,
    unavailable: () => ports.ipfs.unavailable(),
    refuses: async () => undefined,
    // Equal CIDs are equal bytes.
    identify: async ({ params }) => ({ key: IpfsSourceParams.parse(params).CID, isDigest: true }),
    async fetch(request) {
      const { CID: text } = IpfsSourceParams.parse(request.params);
      if (request.signal.aborted) throw new Fault("STOPPED", `fetching ${text} was aborted`);
      try {
        const writer = new DagWriter(request);
        await readDag(await cidOf(text), verifiedBlocks(ports, request.signal), writer);
        return writer.fetched();
      } catch (failure) {
        if (failure instanceof Fault) throw failure;
        if (isDiskFull(failure)) throw diskFault(request.folder, failure);
        if (request.signal.aborted) throw new Fault("STOPPED", `fetching ${text} was aborted`);
        throw new Fault("INPUT_UNAVAILABLE", `${text}: ${causeOf(failure).why}`, { cause: failure });
      }
    },
    close: async () => {},
  };
}

async function cidOf(text: string): Promise<CID> {
  const { CID: parser } = await import("multiformats");
  try {
    return parser.parse(text);
  } catch (failure) {
    throw new Fault("INPUT_UNAVAILABLE", `${text} is not a CID: ${causeOf(failure).why}`);
  }
}

/** Writes a graph into the folder of an input, and counts what it takes. */
class DagWriter implements DagVisitor {
  readonly #request: FetchRequest;
  readonly #hostPath: string;
  #entries = 0;
  #sizeBytes = 0;

  constructor(request: FetchRequest) {
    this.#request = request;
    this.#hostPath = join(request.folder, contentName);
  }

  async folder(path: string): Promise<void> {
    this.#enter(path);
    await mkdir(join(this.#hostPath, path));
  }

  async file(path: string): ReturnType<DagVisitor["file"]> {
    this.#enter(path);
    // Only a new name: a folder may have two entries with one name.
    const file = await open(join(this.#hostPath, path), "wx").catch((failure: NodeJS.ErrnoException) => {
      if (failure.code !== "EEXIST") throw failure;
      throw new Fault("INPUT_UNAVAILABLE", `the folder has two entries "${path}"`);
    });
    return {
      write: async (bytes) => {
        this.#request.signal.throwIfAborted();
        this.#take(bytes.length);
        await file.writeFile(bytes);
      },
      close: () => file.close(),
    };
  }

  fetched(): Fetched {
    return { hostPath: this.#hostPath, readOnly: true, sizeBytes: this.#sizeBytes };
  }

  #enter(path: string): void {
    this.#entries += 1;
    if (this.#entries > entriesMax)
      throw new Fault("TOO_LARGE", `the input has more than ${entriesMax} files and folders`);
    // The input itself is counted by its bytes.
    if (path !== "") this.#take(entryBytes);
  }

  #take(bytes: number): void {
    this.#request.room.take(bytes);
    this.#sizeBytes += bytes;
  }
}
