import { type ExecutionEntity, SpecConfig, toWire } from "@shoal/proto";
import { z } from "zod";

/** Where this API hands out what nodes published through the object store. */
export const resultPath = (nodeId: string, object: string): string =>
  `/api/v1/orchestrator/results/${nodeId}/${object}`;

const NatsResult = z.looseObject({ Object: z.string() });

/** A published result as users get it: what lies in the object store becomes a link to this API, so that nobody needs a port of the node. */
export function handedOut({ publishedResult, nodeId }: ExecutionEntity, base: string): unknown {
  const kept = publishedResult.type === "nats" ? NatsResult.safeParse(publishedResult.params) : undefined;
  if (kept?.success !== true) return toWire(SpecConfig, publishedResult);
  const url = `${base}${resultPath(encodeURIComponent(nodeId), encodeURIComponent(kept.data.Object))}`;
  return { Type: "urlDownload", Params: { URL: url } };
}
