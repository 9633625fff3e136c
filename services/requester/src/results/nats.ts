import { apiRoutes } from "@shoal/proto";
import { z } from "zod";
import type { ResultStore } from "./result-store.ts";

const NatsResult = z.looseObject({ Object: z.string() });

/** Results in the object store: a link to this API, so that a client needs neither NATS nor a port of the node. */
export const nats = (): ResultStore => ({
  type: "nats",
  async link({ execution: { publishedResult, nodeId }, baseUrl }) {
    const stored = NatsResult.safeParse(publishedResult.params);
    if (!stored.success) return publishedResult;
    const path = apiRoutes.resultObject.path
      .replace(":nodeId", () => encodeURIComponent(nodeId))
      .replace(":object", () => encodeURIComponent(stored.data.Object));
    return { type: "urlDownload", params: { URL: `${baseUrl}${path}` } };
  },
});
