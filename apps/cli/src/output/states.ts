import type { executionMachine, jobMachine, nodeMachine } from "@shoal/proto";
import { type Paint, paint } from "./paint.ts";

type ShownState =
  | (typeof jobMachine.states)[number]
  | (typeof executionMachine.states)[number]
  | (typeof nodeMachine.states)[number];

// Success is green, failure is red, waiting is yellow.
const colourOf = {
  pending: "yellow",
  queued: "yellow",
  assigned: "yellow",
  running: "cyan",
  publishing: "cyan",
  stopping: "magenta",
  completed: "green",
  connected: "green",
  failed: "red",
  lost: "red",
  disconnected: "red",
  forgotten: "red",
  stopped: "magenta",
} satisfies Record<ShownState, keyof Paint>;

/** Formats a state as Bacalhau does, in its colour. */
export function stateColour(colours: boolean): (state: ShownState) => string {
  const box = paint(colours);
  return (state) => box[colourOf[state]](state.charAt(0).toUpperCase() + state.slice(1));
}
