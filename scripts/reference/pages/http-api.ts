import { routes } from "../../../services/requester/src/api/routes/index.ts";
import { fieldsOf } from "../fields.ts";
import { code, table } from "../markdown.ts";
import type { Page } from "../page.ts";

/** Every route of the HTTP API. */
export const httpApiPage: Page = {
  file: "http-api.md",
  title: "HTTP API",
  says: "every route of a requester and what its query may hold",
  from: "services/requester/src/api/routes/",
  body: () => routes.map(section).join("\n\n"),
};

function section({ methods, path, does, query }: (typeof routes)[number]): string {
  const rows = fieldsOf(query, "flat").map(({ path: name, type, fallback, says }) => [
    code(name),
    type,
    fallback === "" ? "" : code(fallback),
    says,
  ]);
  const title = `## ${methods.join(", ")} ${path}`;
  return [title, does, ...(rows.length === 0 ? [] : [table(["query", "type", "default", "means"], rows)])].join("\n\n");
}
