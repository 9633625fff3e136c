import { IpfsPublisherParams } from "./ipfs.ts";
import { LocalPublisherParams } from "./local.ts";
import { NatsPublisherParams } from "./nats.ts";
import { S3PublisherParams } from "./s3.ts";
import { S3ManagedParams } from "./s3managed.ts";

/** The schema of the params of each publisher, by the type that a job names. */
export const publisherParams = {
  ipfs: IpfsPublisherParams,
  local: LocalPublisherParams,
  nats: NatsPublisherParams,
  s3: S3PublisherParams,
  s3managed: S3ManagedParams,
} as const;
