import { Readable } from "node:stream";
import { Fault } from "@shoal/core";
import { apiRoutes, tokenProblem } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

// The object names of publishers: an execution's id with an ending.
const objectName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

export const resultObject = defineHandler(apiRoutes.resultObject, async ({ param, reply }, context) => {
  const [nodeId, object] = [param("nodeId"), param("object")];
  const isName = tokenProblem(nodeId) === undefined && objectName.test(object);
  const found = isName ? await context.results.open(nodeId, object) : undefined;
  if (found === undefined) throw new Fault("RESULT_NOT_FOUND", `node ${nodeId} has not published ${object}`);
  reply.header("content-type", object.endsWith(".tar.gz") ? "application/gzip" : "application/octet-stream");
  reply.header("content-length", found.sizeBytes);
  reply.header("content-disposition", `attachment; filename="${object}"`);
  return reply.send(Readable.fromWeb(found.bytes));
});
