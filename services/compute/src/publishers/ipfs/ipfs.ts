import { randomUUID } from "node:crypto";
import { causeOf, Fault } from "@shoal/core";
import { publisherParams } from "@shoal/proto";
import { collectGarbage } from "../../outbound/collect-garbage.ts";
import type { IpfsForm, IpfsNode } from "../../outbound/ipfs-node.ts";
import { openResult } from "../archive/archive.ts";
import { type ArchiveEntry, walk } from "../archive/walk.ts";
import type { Publisher } from "../publisher.ts";

const IpfsPublisherParams = publisherParams.ipfs;

export interface IpfsPublisherOptions {
  readonly ipfs: IpfsNode;
  /** Limit of all files of one result together, in bytes. */
  readonly limitBytes: number;
}

// The folder that the node adds; its CID is the result's, so the name is no part of it.
const rootName = "results";

/** Stores results in IPFS: the same folder has the same CID. */
export function ipfs({ ipfs: node, limitBytes }: IpfsPublisherOptions): Publisher {
  return {
    name: "ipfs",
    params: IpfsPublisherParams,
    unavailable: () => node.unavailable(),
    async publish({ folder, signal }) {
      try {
        signal.throwIfAborted();
        const entries = (await walk(folder, { limitBytes, signal })).toSorted(byPath);
        const added = await node.add(formOf(entries), signal);
        const root = added.find(({ name }) => name === rootName);
        if (root === undefined) throw new Error("the IPFS node did not report the CID of the folder");
        return { type: "ipfs", params: { CID: root.cid } };
      } catch (failure) {
        if (failure instanceof Fault) throw failure;
        const why = `the results were not added to IPFS: ${causeOf(failure).why}`;
        throw new Fault("PUBLISH_FAILED", why, { cause: failure });
      }
    },
    close: async () => {},
  };
}

/** The node reads what a folder contains directly behind the folder: no character sorts before the separator. */
function byPath({ path: one }: ArchiveEntry, { path: other }: ArchiveEntry): number {
  const [a, b] = [one.replaceAll("/", "\0"), other.replaceAll("/", "\0")];
  return a < b ? -1 : Number(a > b);
}

function formOf(entries: readonly ArchiveEntry[]): IpfsForm {
  const boundary = `shoal-${randomUUID()}`;
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: formBytes(entries, boundary) };
}

async function* formBytes(entries: readonly ArchiveEntry[], boundary: string): AsyncGenerator<Uint8Array> {
  const head = (path: string, type: string) =>
    Buffer.from(
      `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${encodeURIComponent(path)}"\r\ncontent-type: ${type}\r\n\r\n`,
    );
  yield head(rootName, "application/x-directory");
  for (const entry of entries) {
    if (entry.kind === "link") continue;
    yield Buffer.from("\r\n");
    yield head(
      `${rootName}/${entry.path}`,
      entry.kind === "file" ? "application/octet-stream" : "application/x-directory",
    );
    if (entry.kind === "folder" || entry.sizeBytes === 0) continue;
    const file = await openResult(entry.hostPath);
    // Ends where the file ended when its size was checked.
    for await (const chunk of file.createReadStream({ end: entry.sizeBytes - 1 })) {
      collectGarbage(chunk.length);
      yield chunk;
    }
  }
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}
