import type { PBNode } from "@ipld/dag-pb";
import { Fault } from "@shoal/core";
import type { UnixFS } from "ipfs-unixfs";
import type { CID } from "multiformats";
import type { VerifiedBlocks } from "./verified-blocks.ts";

/** What becomes of a graph, in the order in which it is read. */
export interface DagVisitor {
  folder(path: string): Promise<void>;
  file(path: string): Promise<{ write(bytes: Uint8Array): Promise<void>; close(): Promise<void> }>;
}

// Codes of codecs, in the table of multicodec.
const dagPbCode = 0x70;
const rawCode = 0x55;
// The same as of results, for folders and for the layers of one file alike: honest files have three.
const depthMax = 64;

/**
 * Reads a UnixFS graph depth first, one block at a time, so that the blocks on the way to the current one are all that
 * it takes of memory. The root's path is "". Throws a Fault for a graph that is not UnixFS, too deep, has links, or a
 * name that leads out of its folder.
 */
export async function readDag(root: CID, blocks: VerifiedBlocks, visitor: DagVisitor): Promise<void> {
  const { decode } = await import("@ipld/dag-pb");
  const { UnixFS: format } = await import("ipfs-unixfs");
  await new DagReader({ blocks, visitor, decode, unmarshal: format.unmarshal }).entry(root, "", 0);
}

interface DagParts {
  readonly blocks: VerifiedBlocks;
  readonly visitor: DagVisitor;
  readonly decode: (bytes: Uint8Array) => PBNode;
  readonly unmarshal: (data: Uint8Array) => UnixFS;
}

type DagNode =
  | { readonly bytes: Uint8Array }
  | { readonly bytes?: undefined; readonly unixfs: UnixFS; readonly links: PBNode["Links"] };

class DagReader {
  readonly #parts: DagParts;

  constructor(parts: DagParts) {
    this.#parts = parts;
  }

  async entry(cid: CID, path: string, depth: number): Promise<void> {
    const node = await this.#node(cid, depth);
    const type = node.bytes === undefined ? node.unixfs.type : "raw";
    if (node.bytes === undefined && isFolder(type)) {
      await this.#parts.visitor.folder(path);
      return await this.#entries(node, path, depth);
    }
    if (type !== "raw" && type !== "file")
      throw unusable(cid, `is a ${type} at "${path}", expected a file or a folder`);
    const file = await this.#parts.visitor.file(path);
    try {
      await this.#content(node, file.write, depth);
    } finally {
      await file.close();
    }
  }

  /** The entries of a folder, also of one that is divided into a tree by the hashes of its names. */
  async #entries(node: Exclude<DagNode, { bytes: Uint8Array }>, path: string, depth: number): Promise<void> {
    const prefixLength = node.unixfs.type === "directory" ? 0 : ((node.unixfs.fanout ?? 256n) - 1n).toString(16).length;
    for (const { Hash: cid, Name: name = "" } of node.links) {
      const own = name.slice(prefixLength);
      if (own === "" && prefixLength > 0) {
        const part = await this.#node(cid, depth + 1);
        if (part.bytes !== undefined || !isFolder(part.unixfs.type)) throw unusable(cid, "is no part of a folder");
        await this.#entries(part, path, depth + 1);
        continue;
      }
      if (["", ".", ".."].includes(own) || /[/\0]/.test(own)) throw unusable(cid, `has the name "${own}"`);
      await this.entry(cid, path === "" ? own : `${path}/${own}`, depth + 1);
    }
  }

  async #content(node: DagNode, write: (bytes: Uint8Array) => Promise<void>, depth: number): Promise<void> {
    if (node.bytes !== undefined) return await write(node.bytes);
    if (node.unixfs.data !== undefined) await write(node.unixfs.data);
    for (const { Hash: cid } of node.links) await this.#content(await this.#node(cid, depth + 1), write, depth + 1);
  }

  async #node(cid: CID, depth: number): Promise<DagNode> {
    if (depth > depthMax) throw unusable(cid, `is more than ${depthMax} levels deep`);
    if (cid.code !== rawCode && cid.code !== dagPbCode)
      throw unusable(cid, `has codec 0x${cid.code.toString(16)}, expected a file or folder of UnixFS`);
    const bytes = await this.#parts.blocks.get(cid);
    if (cid.code === rawCode) return { bytes };
    try {
      const { Data, Links: links } = this.#parts.decode(bytes);
      if (Data === undefined) throw new Error("it has no data");
      return { unixfs: this.#parts.unmarshal(Data), links };
    } catch (failure) {
      throw unusable(cid, `is not UnixFS: ${failure instanceof Error ? failure.message : failure}`);
    }
  }
}

const isFolder = (type: string): boolean => type === "directory" || type === "hamt-sharded-directory";

const unusable = (cid: CID, why: string): Fault => new Fault("INPUT_UNAVAILABLE", `${cid} ${why}`);
