import { executionMachine, jobMachine, type Machine, nodeMachine, secretMachine, wireName } from "@shoal/proto";
import { fieldsOf } from "../fields.ts";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

const machines: Readonly<Record<string, Machine<string>>> = {
  job: jobMachine,
  execution: executionMachine,
  node: nodeMachine,
  secret: secretMachine,
};

/** Every event and its data. */
export const eventsPage: ReferencePage = {
  file: "events.md",
  title: "Events",
  summary: "every event of the log and its data",
  from: "libs/proto/src/{job,execution,node,secret}/events.ts",
  body: () => {
    const kinds = Object.entries(machines).flatMap(([about, machine]) =>
      kindsOf(machine).map((kind) => ({ about, kind })),
    );
    const sections = kinds.map(({ about, kind }) => `## ${kind.name}\n\nAbout: ${about}.\n\n${facts(kind)}`);
    return [
      "Times are milliseconds since the epoch. The log stores a field under its first name, the feed sends it under the second.",
      ...sections,
    ].join("\n\n");
  },
};

type MachineEvent = Machine<string>["rows"][number][1];

function kindsOf(machine: Machine<string>): readonly MachineEvent[] {
  return [...new Map(machine.rows.map(([, kind]) => [kind.name, kind])).values()];
}

function facts(kind: MachineEvent): string {
  const fields = fieldsOf(kind.data, "flat");
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
