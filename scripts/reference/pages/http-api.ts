import { type ApiRoute, apiRoutes, JobSpec, queryNames, wireJsonSchema } from "@shoal/proto";
import type { z } from "zod";
import { positionLimits } from "../../../services/requester/src/reads/position-gate.ts";
import { fieldsOf, fieldsOfJson } from "../fields.ts";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

/** Every route of the HTTP API. */
export const httpApiPage: ReferencePage = {
  file: "http-api.md",
  title: "HTTP API",
  summary: "every route of a requester and what its query may hold",
  from: "libs/proto/src/api/routes/",
  body: () => [positions, ...Object.values(apiRoutes).map(section), ...documents()].join("\n\n"),
};

const positions = `## Positions: read your own writes

A response has the header \`X-Shoal-Position\`: for a command the position of its commit in the log, for a read of jobs the
position that it reflects. A read is not older than the position in its request's header of that name, nor than any earlier response on the
same connection; a client of \`libs/client\` sends the greatest position that it has received with every call. So clients read their own
writes and never read older data, at any requester: for the list of jobs, one job, its executions, history, versions and results.

A list waits up to ${positionLimits.waitMs / 1000} s until the requester has reached the position, then responds with 503 (retry, or call another requester). A position
after the end of the log is refused with 400 and the code \`PositionAhead\`.

Without a position a list reflects what the same requester has returned before about single jobs. Not guaranteed: that a list without a
position, over a new connection, is complete; it may lack other clients' latest changes, and for longer while a
failed requester is replaced. Two clients see each other's changes at once only if one passes its position to the other. Lists of
nodes, logs and the event feed do not honour positions.`;

function section({ methods, path, summary, query, answer }: ApiRoute): string {
  const nameOf = new Map(queryNames(query));
  const rows = fieldsOf(query, "flat").map(({ path: field, type, fallback, summary }) => [
    code(nameOf.get(field) ?? field),
    type,
    fallback === "" ? "" : code(fallback),
    summary,
  ]);
  const title = `## ${methods.join(", ")} ${path}`;
  const parts = rows.length === 0 ? [] : [table(["query", "type", "default", "means"], rows)];
  return [title, summary, ...parts, ...responseOf(answer)].join("\n\n");
}

function responseOf(answer: z.ZodType): readonly string[] {
  const schema = wireJsonSchema(answer, "output");
  const { $ref } = schema;
  if (typeof $ref === "string") return [`Response: ${code($ref.replace(/^.*\//, ""))}, [below](#documents).`];
  return fieldTable("response", schema);
}

/** The documents that responses of several routes have. */
function documents(): readonly string[] {
  const defs = Object.values(apiRoutes).map(
    ({ answer }) => Object(wireJsonSchema(answer, "output")["$defs"]) as object,
  );
  const $defs: Record<string, { description?: string }> = Object.assign({}, ...defs);
  const sections = Object.entries($defs).map(([name, schema]) => [
    `### ${name}`,
    schema.description ?? "",
    ...fieldTable(name, { ...schema, $defs }),
  ]);
  return [
    "## Documents",
    "A job has the fields of [its spec](job-spec.md) too, which are not repeated here.",
    ...sections.flat(),
  ];
}

const ofSpec: ReadonlySet<string> = new Set(
  fieldsOfJson(wireJsonSchema(JobSpec, "output"), "flat").map(({ path }) => path),
);

function fieldTable(name: string, schema: object): readonly string[] {
  const fields = fieldsOfJson(schema, "nested").filter(
    ({ path }) => name !== "Job" || !ofSpec.has(path.replace(/[.[].*$/, "")),
  );
  const rows = fields.map(({ path, type, required, summary }) => [
    code(path),
    type,
    required ? "always" : "sometimes",
    summary,
  ]);
  return rows.length === 0 ? [] : [table([name, "type", "there", "means"], rows)];
}
