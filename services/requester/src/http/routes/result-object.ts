import { Readable } from "node:stream";
import { Fault } from "@shoal/core";
import { tokenProblem } from "@shoal/proto";
import { z } from "zod";
import { resultPath } from "../../wire/result-link.ts";
import { defineRoute } from "../route-handler.ts";

// What a publisher names an object: an execution's id with an ending.
const objectName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

export const resultObject = defineRoute({
  name: "result-object",
  methods: ["GET"],
  path: resultPath(":nodeId", ":object"),
  does: "Hands out a result that a node published through the object store, as it was published.",
  query: z.object({}),
  async answer({ param, reply }, context) {
    const [nodeId, object] = [param("nodeId"), param("object")];
    const sane = tokenProblem(nodeId) === undefined && objectName.test(object);
    const found = sane ? await context.results.open(nodeId, object) : undefined;
    if (found === undefined) throw new Fault("RESULT_NOT_FOUND", `node ${nodeId} has published no ${object}`);
    reply.header("content-type", object.endsWith(".tar.gz") ? "application/gzip" : "application/octet-stream");
    reply.header("content-length", found.sizeBytes);
    reply.header("content-disposition", `attachment; filename="${object}"`);
    return reply.send(Readable.fromWeb(found.bytes));
  },
});
