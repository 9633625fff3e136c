import { assert } from "@shoal/core";
import { ApiErrorBody, type ApiRoute, apiRoutes, fromWire, toWire, wireJsonSchema } from "@shoal/proto";
import type { FastifyInstance } from "fastify";
import { z } from "zod";

type Parser = ReturnType<typeof z.fromJSONSchema>;
const parsers = new WeakMap<z.ZodType, Parser>();

function parserOf(schema: z.ZodType): Parser {
  const parser = parsers.get(schema) ?? z.fromJSONSchema(wireJsonSchema(schema, "output") as never);
  parsers.set(schema, parser);
  return parser;
}

/** The mismatches of a response with the schema of its route: by the codec, by the OpenAPI document, field by field. */
export function answerProblems(schema: z.ZodType, json: unknown): readonly string[] {
  const read = fromWire(schema, json);
  if (!read.ok) return read.problems;
  const unknown = read.unknown.map((path) => `${path}: not in the table`);
  const rewritten = JSON.stringify(sorted(JSON.parse(JSON.stringify(toWire(schema, read.value) ?? null))));
  const changed = rewritten === JSON.stringify(sorted(json)) ? [] : [`reads back as ${rewritten}`];
  const { error } = parserOf(schema).safeParse(json);
  return [...unknown, ...changed, ...(error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`)];
}

/**
 * Checks every response of an app by its row in the table. Call the result at the end: it throws when a response did
 * not match.
 */
export function checkAnswers(app: FastifyInstance): () => void {
  const wrong: string[] = [];
  app.addHook("onSend", async (request, reply, payload) => {
    const { method, routeOptions } = request;
    const route = Object.values<ApiRoute>(apiRoutes).find(
      ({ path, methods }) => path === routeOptions.url && methods.some((each) => each === method),
    );
    const isJson = String(reply.getHeader("content-type")).startsWith("application/json");
    const text = Buffer.isBuffer(payload) && isJson ? payload.toString() : payload;
    if (typeof text === "string" && text !== "") {
      const problems = problemsOf(route, reply.statusCode, JSON.parse(text));
      wrong.push(...problems.map((problem) => `${method} ${request.url} ${reply.statusCode}: ${problem}`));
    }
    return payload;
  });
  return () => assert(wrong.length === 0, `answers that the table of routes does not allow: ${wrong.join("\n")}`);
}

function problemsOf(route: ApiRoute | undefined, status: number, json: unknown): readonly string[] {
  if (route !== undefined && (route.statuses ?? [200]).includes(status)) return answerProblems(route.answer, json);
  // A client of an unsupported version gets the body that it can read.
  if (Object.hasOwn(Object(json), "Error")) return [];
  const read = fromWire(ApiErrorBody, json);
  return read.ok ? [] : read.problems;
}

/** The same value with the keys of every object in order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([key, each]) => [key, sorted(each)]);
}
