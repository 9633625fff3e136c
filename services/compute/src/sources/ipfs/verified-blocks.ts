import { createHash } from "node:crypto";
import { backoffMs, type Clock, causeOf, Fault, jittered, pause, type Random } from "@shoal/core";
import type { CID } from "multiformats";
import type { IpfsNode } from "../../outbound/ipfs-node.ts";

/** The blocks of one input, each checked against its CID. */
export interface VerifiedBlocks {
  /** Throws a Fault for a block that does not arrive, or with other bytes. */
  get(cid: CID): Promise<Uint8Array>;
}

export interface BlockPorts {
  readonly ipfs: IpfsNode;
  readonly clock: Clock;
  readonly random: Random;
}

// The codes of hash functions, in the table of multicodec.
const sha256Code = 0x12;
const identityCode = 0x00;
// Five times the blocks of 10 GiB (256 KiB each): it ends a graph that has no bytes, and many links to the same blocks.
const blocksMax = 200_000;
// A node asks its peers for 30 s each time.
const attemptsMax = 3;
const backoff = { firstMs: 250, maxMs: 8_000 } as const;

/** Reads blocks through the operator's IPFS node, which is not trusted with their content. */
export function verifiedBlocks({ ipfs, clock, random }: BlockPorts, signal: AbortSignal): VerifiedBlocks {
  let count = 0;
  async function fetched(cid: CID): Promise<Uint8Array> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ipfs.block(cid.toString(), signal);
      } catch (failure) {
        if (signal.aborted) throw new Fault("STOPPED", `fetching block ${cid} was aborted`);
        if (failure instanceof Fault) throw failure;
        if (attempt === attemptsMax) {
          const why = `block ${cid}: ${causeOf(failure).why}, after ${attempt} attempts`;
          throw new Fault("INPUT_UNAVAILABLE", why, { cause: failure });
        }
        await pause(clock, jittered(backoffMs(backoff, attempt), random), signal);
      }
    }
  }
  return {
    async get(cid) {
      count += 1;
      if (count > blocksMax) throw new Fault("TOO_LARGE", `the input has more than ${blocksMax} blocks`);
      const { code, digest } = cid.multihash;
      if (code === identityCode) return digest;
      if (code !== sha256Code)
        throw new Fault("INPUT_UNAVAILABLE", `${cid} has hash function 0x${code.toString(16)}: use SHA-256`);
      const bytes = await fetched(cid);
      const actual = createHash("sha256").update(bytes).digest();
      if (!actual.equals(digest))
        throw new Fault("INPUT_UNAVAILABLE", `block ${cid}: the IPFS node sent bytes with another hash`);
      return bytes;
    },
  };
}
