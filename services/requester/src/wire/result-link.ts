import { apiRoutes, type ExecutionEntity, type SpecConfig } from "@shoal/proto";
import { z } from "zod";

const NatsResult = z.looseObject({ Object: z.string() });

/**
 * A published result as clients get it: an object in the object store becomes a link to this API, so that no port of
 * the node is needed.
 */
export function resultLink({ publishedResult, nodeId }: ExecutionEntity, base: string): SpecConfig {
  const stored = publishedResult.type === "nats" ? NatsResult.safeParse(publishedResult.params) : undefined;
  if (stored?.success !== true) return publishedResult;
  const path = apiRoutes.resultObject.path
    .replace(":nodeId", () => encodeURIComponent(nodeId))
    .replace(":object", () => encodeURIComponent(stored.data.Object));
  return { type: "urlDownload", params: { URL: `${base}${path}` } };
}
