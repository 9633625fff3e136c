import { apiRoutes, openApiDocument } from "@shoal/proto";
import { defineHandler } from "../route-handler.ts";

let document: Record<string, unknown> | undefined;

export const openapi = defineHandler(apiRoutes.openapi, () => {
  // Generated once in a process: the table does not change.
  document ??= openApiDocument();
  return document;
});
