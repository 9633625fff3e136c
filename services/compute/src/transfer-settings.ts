import { listOf, yesOrNo } from "@shoal/core";
import { z } from "zod";
import { ipfsApiUrl } from "./outbound/ipfs-node.ts";

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

// Inputs have five minutes, as in Bacalhau. An hour exceeds any upload that is worth waiting for.
const minutesMs = 60_000;
const Inputs = z.object({
  timeoutMs: whole(100, 60 * minutesMs)
    .default(5 * minutesMs)
    .describe("milliseconds within which all inputs of a task must be fetched"),
  limitBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe("bytes that one input may take"),
  // Equal to the default limit of one input, so that any input fits.
  cacheBytes: whole(0, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe(
      "bytes of inputs that this node stores in dataDir/input-cache for later executions, those in use included; the least recently used are removed; 0 stores none",
    ),
  // Equal to the default limit of one input: a task that asks for no disk may bring in one large input.
  defaultDiskBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe("bytes that all inputs of a task may take together when it requests no Disk; else its Disk is the limit"),
});

const Results = z.object({
  timeoutMs: whole(100, 60 * minutesMs)
    .default(5 * minutesMs)
    .describe("milliseconds within which results must be published"),
  keepUnpublishedMs: whole(0, 366 * 24 * 60 * minutesMs)
    .default(24 * 60 * minutesMs)
    .describe("milliseconds for which results that could not be published are kept in dataDir/unpublished"),
  keepUnpublishedBytes: whole(0, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe("bytes of results that are kept there; the oldest are removed first, and never the newest"),
  outputBytes: whole(0, 1024 ** 4)
    .default(1024 ** 3)
    .describe("bytes of stdout, and of stderr, in the results; the rest is cut off"),
  // Equal to the default limit of all stored results, and to what the client unpacks without asking.
  limitBytes: whole(1, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe("bytes of all files of one result, holes of sparse files included; larger results are not published"),
});

const bucketList = listOf(z.string().regex(/^([^/]+\/)?[^/]+$/, "expected a bucket, or namespace/bucket")).default([]);

const s3Buckets = (act: string) =>
  bucketList.describe(
    `S3 buckets that jobs may ${act} with this node's credentials, separated by commas: a bucket, or namespace/bucket for one namespace; empty allows every bucket`,
  );

const Local = z.object({
  address: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe(
      "address on which results are served, and which their links name; with 0.0.0.0 (all addresses) links name the machine",
    ),
  port: whole(0, 65_535).default(0).describe("port on which results are served; 0 selects any free port"),
  keepMs: whole(1_000, 366 * 24 * 60 * minutesMs)
    .default(24 * 60 * minutesMs)
    .describe("milliseconds for which a result is stored"),
  keepBytes: whole(0, Number.MAX_SAFE_INTEGER)
    .default(10 * 1024 ** 3)
    .describe("bytes of stored results; the oldest are removed first"),
});

/** The settings of what brings inputs in and takes results out. */
export const transferSettings = {
  sources: z
    .object({
      disabled: listOf(z.string()).default([]).describe("sources that are not offered"),
      s3: z.object({ buckets: s3Buckets("read") }).prefault({}),
      nats: z
        .object({
          buckets: bucketList.describe(
            "object stores in NATS that jobs may read over this node's connection, separated by commas: a bucket, or namespace/bucket for one namespace; empty allows none. The node's NATS user needs the right to read them",
          ),
        })
        .prefault({}),
    })
    .prefault({}),
  outbound: z
    .object({
      loopback: yesOrNo()
        .default(false)
        .describe(
          "whether sources and publishers may connect to this machine's own addresses, where NATS, requesters and engines may listen",
        ),
      linkLocal: yesOrNo()
        .default(false)
        .describe(
          "whether sources and publishers may connect to link-local and metadata addresses (169.254.0.0/16, fe80::/10), where clouds hand out credentials",
        ),
    })
    .prefault({}),
  ipfs: z
    .object({
      connect: z
        .string()
        .refine(
          (address) => address === "" || ipfsApiUrl(address) !== undefined,
          "expected a multiaddr such as /ip4/127.0.0.1/tcp/5001, or a URL",
        )
        .default("")
        .describe(
          "address of the RPC API of the IPFS node that the source and the publisher ipfs use: a multiaddr such as /ip4/127.0.0.1/tcp/5001, or a URL; empty turns both off",
        ),
    })
    .prefault({}),
  inputs: Inputs.prefault({}),
  results: Results.prefault({}),
  publishers: z
    .object({
      disabled: listOf(z.string()).default([]).describe("publishers that are not offered"),
      local: Local.prefault({}),
      s3: z.object({ buckets: s3Buckets("write") }).prefault({}),
    })
    .prefault({}),
};
