import { executionMachine, jobMachine, type Machine, nodeMachine, secretMachine } from "@shoal/proto";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

const machines: Readonly<Record<string, Machine<string>>> = {
  Job: jobMachine,
  Execution: executionMachine,
  Node: nodeMachine,
  Secret: secretMachine,
};

/** Every state machine as a diagram and as a table. */
export const machinesPage: ReferencePage = {
  file: "machines.md",
  title: "State machines",
  summary: "the states of a job, an execution, a node and a secret, and the events that change them",
  from: "libs/proto/src/{job,execution,node,secret}/machine.ts",
  body: () =>
    Object.entries(machines)
      .map(([name, machine]) => `## ${name}\n\n${diagram(machine)}\n\n${moves(machine)}`)
      .join("\n\n"),
};

function diagram(machine: Machine<string>): string {
  const arrows = machine.rows.flatMap(([from, event, to]) =>
    (from === "nothing" ? ["[*]"] : from).map((state) => `  ${state} --> ${to === "same" ? state : to}: ${event.name}`),
  );
  const ends = machine.terminal.map((state) => `  ${state} --> [*]`);
  return ["```mermaid", "stateDiagram-v2", ...arrows, ...ends, "```"].join("\n");
}

function moves(machine: Machine<string>): string {
  const rows = machine.rows.map(([from, event, to]) => [
    from === "nothing" ? "(nothing yet)" : from.map(code).join(", "),
    code(event.name),
    to === "same" ? "the same" : `${code(to)}${machine.terminal.includes(to) ? ", for good" : ""}`,
  ]);
  return `${table(["from", "event", "to"], rows)}\n\nA transition that is not in the table is refused.`;
}
