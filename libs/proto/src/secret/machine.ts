import type { EventOf } from "../event.ts";
import { defineMachine } from "../machine.ts";
import { SecretDeleted, SecretPut, SecretResealed } from "./events.ts";

const states = ["present", "deleted"] as const;

/** The states of a secret. A deleted one may be put again, and continues its version numbers. */
// biome-ignore format: a table
export const secretMachine = defineMachine(states, [
  // from                    event          to
  ["nothing",                SecretPut,     "present"],
  [["present", "deleted"],   SecretPut,     "present"],
  [["present"],              SecretResealed, "same"],
  [["present"],              SecretDeleted, "deleted"],
]);

export type SecretState = (typeof states)[number];
export type SecretEvent = EventOf<(typeof secretMachine.rows)[number][1]>;
