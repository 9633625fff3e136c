import type { z } from "zod";
import { shoalVersion } from "../version.ts";
import { type JsonObject, wireJsonSchema } from "../wire/json-schema.ts";
import { ApiErrorBody } from "./api-error-body.ts";
import { queryNames } from "./query.ts";
import type { AnswerKind, ApiRoute } from "./route.ts";
import { apiRoutes } from "./routes/index.ts";

/** The table of routes as an OpenAPI 3.1 document. */
export function openApiDocument(routes: readonly ApiRoute[] = Object.values(apiRoutes)): JsonObject {
  const schemas: JsonObject = {};
  const schemaOf = (schema: z.ZodType, io: "input" | "output" = "output"): JsonObject => {
    const { $defs, ...own } = wireJsonSchema(schema, io);
    Object.assign(schemas, pointing($defs ?? {}));
    return Object(pointing(own));
  };
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    for (const [index, method] of route.methods.entries()) {
      const operationId = index === 0 ? route.name : `${route.name}By${method}`;
      const operation = { operationId, ...operationOf(route, schemaOf) };
      paths[path] = { ...paths[path], [method.toLowerCase()]: operation };
    }
  }
  const info = {
    title: "Shoal",
    version: shoalVersion,
    description: "Keys of a body are case-insensitive. Later releases may add fields to responses.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  };
  return { openapi: "3.1.0", info, paths, components: { schemas } };
}

type SchemaOf = (schema: z.ZodType, io?: "input" | "output") => JsonObject;

function operationOf(route: ApiRoute, schemaOf: SchemaOf): JsonObject {
  const statuses = route.statuses ?? [route.kind === "websocket" ? 101 : 200];
  const error = { description: "an error", content: { "application/json": { schema: schemaOf(ApiErrorBody) } } };
  const answer = answerOf(route, schemaOf);
  return {
    summary: route.summary,
    parameters: [...pathParameters(route.path), ...queryParameters(route.query, schemaOf)],
    ...(route.body === undefined
      ? {}
      : { requestBody: { content: { "application/json": { schema: schemaOf(route.body, "input") } } } }),
    responses: { ...Object.fromEntries(statuses.map((status) => [status, answer])), default: error },
  };
}

const pathParameters = (path: string): JsonObject[] =>
  [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));

function queryParameters(query: z.ZodObject, schemaOf: SchemaOf): JsonObject[] {
  return queryNames(query).map(([field, name]) => {
    const { description, ...schema } = schemaOf(query.shape[field] as z.ZodType, "input");
    return { name, in: "query", ...(description === undefined ? {} : { description }), schema };
  });
}

const mediaTypes: Readonly<Record<AnswerKind, string | undefined>> = {
  json: "application/json",
  events: "text/event-stream",
  websocket: "application/json",
  bytes: "application/octet-stream",
  redirect: undefined,
};

const descriptions: Readonly<Record<AnswerKind, string>> = {
  json: "the response",
  events: "a stream of server-sent events; the schema describes their data",
  websocket: "a WebSocket; the schema describes its frames",
  bytes: "the bytes",
  redirect: "the URL is in the header Location",
};

function answerOf({ kind = "json", answer }: ApiRoute, schemaOf: SchemaOf): JsonObject {
  const media = mediaTypes[kind];
  const description = descriptions[kind];
  return media === undefined ? { description } : { description, content: { [media]: { schema: schemaOf(answer) } } };
}

/** A copy whose references point to the document's components. */
function pointing(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(pointing);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string"
        ? value.replace(/^#\/\$defs\//, "#/components/schemas/")
        : pointing(value),
    ]),
  );
}
