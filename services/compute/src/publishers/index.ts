import type { UploadClient } from "@shoal/core";
import type { BucketList } from "../outbound/bucket-list.ts";
import type { IpfsNode } from "../outbound/ipfs-node.ts";
import type { Reach } from "../outbound/reach.ts";
import { type PartPorts, type PartSettings, partRegistry } from "../parts.ts";
import { ipfs } from "./ipfs/ipfs.ts";
import { local } from "./local/local.ts";
import { nats, type ResultBucket } from "./nats/nats.ts";
import type { Publisher } from "./publisher.ts";
import { s3 } from "./s3/s3.ts";
import { s3managed } from "./s3managed/s3managed.ts";

/** What publishers need. */
export interface PublisherPorts extends PartPorts {
  readonly results: ResultBucket;
  readonly uploads: UploadClient;
  readonly ipfs: IpfsNode;
}

export interface PublisherSettings extends PartSettings {
  /** Limit of all files of one result together, in bytes. */
  readonly limitBytes: number;
  /** The addresses that results may be sent to, beside those of other machines. */
  readonly outbound: Reach;
  /** The S3 buckets that jobs may write; empty allows every bucket. */
  readonly s3: { readonly buckets: BucketList };
  readonly local: {
    readonly folder: string;
    readonly address: string;
    readonly machine: string;
    readonly port: number;
    readonly keepMs: number;
    readonly keepBytes: number;
  };
}

/** Every publisher that a node can offer. */
export const createPublishers = partRegistry<Publisher, PublisherSettings, PublisherPorts>("publisher", {
  ipfs: ({ limitBytes }, { ipfs: node }) => ipfs({ ipfs: node, limitBytes }),
  local: ({ limitBytes, local: settings }, { clock }) => local({ ...settings, clock, limitBytes }),
  nats: ({ limitBytes }, { results }) => nats({ results, limitBytes }),
  s3: ({ limitBytes, outbound, s3: { buckets } }) => s3({ reach: outbound, buckets, limitBytes }),
  s3managed: ({ limitBytes, outbound }, { uploads }) => s3managed({ reach: outbound, limitBytes, uploads }),
});
