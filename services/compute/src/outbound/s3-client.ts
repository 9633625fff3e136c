import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { S3Client } from "@aws-sdk/client-s3";
import { Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";
import { guardedLookup, type Reach, unreachableUrl } from "./reach.ts";

export interface S3Place {
  /** Empty selects AWS. */
  readonly endpoint: string;
  /** Empty selects the region of the node's environment. */
  readonly region: string;
}

// Both as in other S3 clients: longer than any working store needs.
const connectMs = 10_000;
const silenceMs = 30_000;

/**
 * Opens a client with the node's own credentials, from the default chain of the AWS SDK. The SDK takes some 40 MB, so it
 * is loaded with the first client. Throws a Fault for an endpoint that the node does not connect to.
 */
export async function openS3({ endpoint, region }: S3Place, reach: Reach): Promise<S3Client> {
  const refused = endpoint === "" ? undefined : unreachableUrl(new URL(endpoint), reach);
  if (refused !== undefined) throw new Fault("INPUT_UNAVAILABLE", `the S3 endpoint ${endpoint}: ${refused}`);
  const { S3Client } = await import("@aws-sdk/client-s3");
  const lookup = guardedLookup(reach);
  // Other stores ignore the region, but the signature needs one.
  const place = endpoint === "" ? {} : { endpoint, forcePathStyle: true, region: "us-east-1" };
  return new S3Client({
    ...place,
    ...(region === "" ? {} : { region }),
    requestHandler: {
      httpAgent: new HttpAgent({ keepAlive: true, lookup }),
      httpsAgent: new HttpsAgent({ keepAlive: true, lookup }),
      connectionTimeout: connectMs,
      socketTimeout: silenceMs,
    },
  });
}

/** The HTTP status of an error of the SDK; undefined when no server answered. */
export function s3StatusOf(failure: unknown): number | undefined {
  const metadata: unknown = failure instanceof Error ? Reflect.get(failure, "$metadata") : undefined;
  const status: unknown = typeof metadata === "object" && metadata !== null && Reflect.get(metadata, "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}

/** What a retry cannot change, as a Fault that names the object: missing, forbidden, no credentials. Else undefined. */
export function s3Refusal(failure: unknown, shown: string, code: ErrorCode): Fault | undefined {
  if (!(failure instanceof Error)) return undefined;
  const status = s3StatusOf(failure) ?? 0;
  const refused = status >= 400 && status < 500 && status !== 408 && status !== 429;
  if (!refused && !permanent.includes(failure.name)) return undefined;
  return new Fault(code, `${shown}: ${refused ? `${failure.name} (${status})` : failure.message}`, { cause: failure });
}

const permanent: readonly string[] = ["CredentialsProviderError", "UnreachableError"];
