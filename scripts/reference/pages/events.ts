import { type Kind, kinds } from "@shoal/core";
import { wireName } from "@shoal/proto";
import { fieldsOf } from "../fields.ts";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

/** Every event and its data. */
export const eventsPage: ReferencePage = {
  file: "events.md",
  title: "Events",
  summary: "every event of the log and its data",
  from: "libs/proto/src/*/events.ts",
  body: () => {
    const sections = [...kindsOf()].map(
      ([event, names]) =>
        `## ${event.name}\n\n${event.data.description} In the log of: ${names.join(", ")}.\n\n${facts(event)}`,
    );
    return [
      "Times are milliseconds since the epoch. The log stores a field under its first name, the feed sends it under the second.",
      ...sections,
    ].join("\n\n");
  },
};

type StoredKind = Kind["events"][number];

/** Every event, with the names of the kinds of aggregate that it is stored for. */
function kindsOf(): ReadonlyMap<StoredKind, readonly string[]> {
  const names = new Map<StoredKind, readonly string[]>();
  for (const { name, events } of kinds.parts) {
    for (const event of events) names.set(event, [...(names.get(event) ?? []), name]);
  }
  return names;
}

function facts({ data }: StoredKind): string {
  const fields = fieldsOf(data, "flat");
  if (fields.length === 0) return "It has no fields.";
  const rows = fields.map(({ path, type, required, summary }) => [
    code(path),
    code(path.replaceAll(/\w+/g, wireName)),
    type,
    required ? "always" : "sometimes",
    summary,
  ]);
  return table(["fact", "on the feed", "type", "there", "means"], rows);
}
