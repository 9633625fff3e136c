import { causeOf, type Logger } from "@shoal/core";
import type { SpecConfig } from "@shoal/proto";
import { z } from "zod";
import { type Presign, presignedResult } from "./presigner.ts";
import type { PublishedResult, ResultStore } from "./result-store.ts";

export interface S3ResultSettings {
  /** Whether clients get a presigned URL; else the place of the object. */
  readonly presigned: boolean;
  /** Validity of a presigned URL in milliseconds. */
  readonly expiresMs: number;
  /** The buckets for which this service signs; empty means every bucket. */
  readonly buckets: readonly string[];
}

export interface S3ResultPorts {
  readonly presign: Presign;
  readonly logger: Logger;
}

const ReportedPlace = z.looseObject({
  Bucket: z.string(),
  Key: z.string(),
  Region: z.string().default(""),
  Endpoint: z.string().default(""),
});
type ReportedPlace = z.infer<typeof ReportedPlace>;

/**
 * Results of the publisher `s3`: a presigned URL. A node reports where a result is, so this service signs only for the
 * place that the task's own publisher names: a node must not make it sign for other objects.
 */
export const s3 = (
  { presigned, expiresMs, buckets }: S3ResultSettings,
  { presign, logger }: S3ResultPorts,
): ResultStore => ({
  type: "s3",
  async link(published) {
    const { publishedResult } = published.execution;
    const place = ReportedPlace.safeParse(publishedResult.params);
    if (!presigned || !place.success || !isPlannedPlace(published, place.data)) return publishedResult;
    const { Bucket: bucket, Key: key, Region: region, Endpoint: endpoint } = place.data;
    if (buckets.length > 0 && !buckets.includes(bucket)) return publishedResult;
    const object = { bucket, key, region, endpoint };
    return presignedResult(presign, object, { expiresMs, managed: false }).catch((failure: unknown) => {
      // A client with its own credentials can still fetch it.
      logger.warn({ bucket, key, ...causeOf(failure) }, "could not presign the URL of a result");
      return publishedResult;
    });
  },
});

const archiveSuffix = ".tar.gz";

/** True for the object that the task's publisher stores for this execution. A folder has no URL. */
function isPlannedPlace({ execution, publisher }: PublishedResult, place: ReportedPlace): boolean {
  const planned = ReportedPlace.safeParse(foldedParams(publisher));
  if (publisher.type.toLowerCase() !== "s3" || !planned.success || !place.Key.endsWith(archiveSuffix)) return false;
  const { Bucket, Region, Endpoint, Key } = planned.data;
  if (place.Bucket !== Bucket || place.Region !== Region || place.Endpoint !== Endpoint) return false;
  return keyPattern(Key.replace(/^\/+/, ""), execution).test(place.Key);
}

/** Params of a spec with the names of the publisher; clients may write them in any case. */
function foldedParams({ params }: SpecConfig): object {
  const names = Object.keys(ReportedPlace.shape);
  const nameOf = (given: string) => names.find((name) => name.toLowerCase() === given.toLowerCase()) ?? given;
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [nameOf(name), value]));
}

// Date and time of the end of the task, as the publisher writes them; only the node knows them.
const times: Readonly<Record<string, string>> = { date: "\\d{8}", time: "\\d{6}" };

function keyPattern(template: string, { id, jobId, nodeId }: PublishedResult["execution"]): RegExp {
  const values: Readonly<Record<string, string>> = { jobID: jobId, executionID: id, nodeID: nodeId };
  const source = template.split(/(\{\w+\})/).map((part) => {
    const name = part.slice(1, -1);
    const isPlaceholder = part.startsWith("{");
    if (isPlaceholder && Object.hasOwn(times, name)) return times[name];
    return escaped(isPlaceholder && Object.hasOwn(values, name) ? (values[name] ?? part) : part);
  });
  const end = template.endsWith(archiveSuffix) ? "" : escaped(archiveSuffix);
  return new RegExp(`^${source.join("")}${end}$`);
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
