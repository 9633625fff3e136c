import type { ObjectReader } from "@shoal/nats";
import { systemRandom } from "@shoal/node";
import { cachedSource } from "../input-cache/cached-source.ts";
import type { InputCache } from "../input-cache/input-cache.ts";
import type { BucketList } from "../outbound/bucket-list.ts";
import type { IpfsNode } from "../outbound/ipfs-node.ts";
import type { Reach } from "../outbound/reach.ts";
import { type PartPorts, type PartSettings, partRegistry } from "../parts.ts";
import { inline } from "./inline/inline.ts";
import { ipfs } from "./ipfs/ipfs.ts";
import { local } from "./local/local.ts";
import { nats } from "./nats/nats.ts";
import { s3 } from "./s3/s3.ts";
import type { Source } from "./source.ts";
import { urlDownload } from "./url-download/url-download.ts";

export interface SourceSettings extends PartSettings {
  /** Lines `path[:ro|:rw]`: the paths of this machine that tasks may use. */
  readonly allowListedLocalPaths: readonly string[];
  /** The addresses that inputs may come from, beside those of other machines. */
  readonly outbound: Reach;
  /** The S3 buckets that jobs may read; empty allows every bucket. */
  readonly s3: { readonly buckets: BucketList };
  /** The object stores in NATS that jobs may read; empty allows none. */
  readonly nats: { readonly buckets: BucketList };
}

/** What sources need. */
export interface SourcePorts extends PartPorts {
  /** Object stores in NATS. */
  readonly objects: ObjectReader;
  readonly ipfs: IpfsNode;
  /** Stores inputs for later executions; none when left out. */
  readonly cache?: InputCache | undefined;
}

/** Every source that a node can offer. */
export const createSources = partRegistry<Source, SourceSettings, SourcePorts>("source", {
  inline,
  ipfs: (_, { clock, cache, ipfs: node }) => cachedSource(ipfs({ ipfs: node, clock, random: systemRandom }), cache),
  local: ({ allowListedLocalPaths: allow }) => local({ allow }),
  // The same source under its older name, which existing job files still use.
  localdirectory: ({ allowListedLocalPaths: allow }) => local({ name: "localdirectory", allow }),
  nats: ({ nats: { buckets } }, { clock, cache, objects }) =>
    cachedSource(nats({ objects, buckets, clock, random: systemRandom }), cache),
  s3: ({ outbound, s3: { buckets } }, { clock, cache }) =>
    cachedSource(s3({ reach: outbound, buckets, clock, random: systemRandom }), cache),
  urldownload: ({ outbound }, { clock, cache }) =>
    cachedSource(urlDownload({ reach: outbound, clock, random: systemRandom }), cache),
});
