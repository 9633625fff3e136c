import { eventsOf, kinds } from "@shoal/core";
import { CommitEnvelope } from "@shoal/proto";
import { z } from "zod";
import type { ReferencePage } from "../page.ts";

/** The JSON schema of a commit, with one of each event in `$defs`: for programs that read the log without Shoal. */
export const eventSchemasPage: ReferencePage = {
  file: "events.schema.json",
  title: "JSON schema of the log",
  summary: "JSON schema of a commit and of every event, for other programs",
  from: "libs/proto/src/commit.ts and the events of every kind",
  isData: true,
  body: () => JSON.stringify(schemaOfLog(), undefined, 2),
};

/** The stored form, not the submitted one: defaults are filled in. Later versions may add fields, so unknown fields are allowed. */
const options = {
  io: "input",
  unrepresentable: "any",
  reused: "inline",
} as const satisfies Parameters<typeof z.toJSONSchema>[1];

function schemaOfLog(): object {
  const events = [...eventsOf(kinds).values()];
  const $defs = Object.fromEntries(
    events.map(({ name, version, data }) => [
      name,
      z.toJSONSchema(z.object({ type: z.literal(name), v: z.literal(version), data }), options),
    ]),
  );
  const envelope = z.toJSONSchema(CommitEnvelope, options);
  const items = { oneOf: events.map(({ name }) => ({ $ref: `#/$defs/${name}` })) };
  const properties = { ...envelope.properties, events: { type: "array", minItems: 1, items } };
  return { ...envelope, title: "A commit of the stream EVENTS", properties, $defs };
}
