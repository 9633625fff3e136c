import { InlineParams } from "./inline.ts";
import { IpfsSourceParams } from "./ipfs.ts";
import { LocalParams } from "./local.ts";
import { NatsSourceParams } from "./nats.ts";
import { S3SourceParams } from "./s3.ts";
import { UrlDownloadParams } from "./urldownload.ts";

/** The schema of the params of each source, by the type that a job names. */
export const sourceParams = {
  inline: InlineParams,
  ipfs: IpfsSourceParams,
  local: LocalParams,
  // The same source under its older name, which existing job files still use.
  localdirectory: LocalParams,
  nats: NatsSourceParams,
  s3: S3SourceParams,
  urldownload: UrlDownloadParams,
} as const;
