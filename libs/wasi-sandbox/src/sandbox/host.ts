import type { Descriptors } from "./descriptors.ts";
import { Refusal } from "./errno.ts";
import type { GuestMemory } from "./guest-memory.ts";
import type { FileAnswer, FileRequest, HttpCall, RunRequest } from "./protocol.ts";

/** Everything that a function of preview 1 can access. */
export interface HostContext {
  readonly job: Pick<RunRequest, "args" | "env">;
  readonly memory: GuestMemory;
  readonly descriptors: Descriptors;
  /** Sends a file request to the node; an error becomes the guest's error. */
  files(request: FileRequest, body?: Uint8Array): { readonly answer: FileAnswer; readonly body: Uint8Array };
  /** Sends an HTTP request to the node. */
  http(request: HttpCall, body: Uint8Array): { readonly answer: FileAnswer; readonly body: Uint8Array };
  output(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  /** Ends the guest. */
  exit(exitCode: number): never;
  /** Whether the guest has ended: it has caught what left its code, and calls again. */
  isOver(): boolean;
}

type ArgumentType = "u32" | "u64";
type Values<K extends readonly ArgumentType[]> = { [Index in keyof K]: K[Index] extends "u64" ? bigint : number };

/** One function of preview 1: takes the guest's arguments, and throws a Refusal to return an error. */
export type HostFunction = (host: HostContext, passed: readonly unknown[]) => void;

/**
 * Creates a function of preview 1 from the kinds of its arguments. Whatever a module declares and passes, the body gets unsigned
 * numbers in range: pointers and lengths are below 2^32, so sums of two of them are exact.
 */
export function hostFunction<const K extends readonly ArgumentType[]>(
  kinds: K,
  body: (host: HostContext, values: Values<K>) => void,
): HostFunction {
  return (host, passed) => body(host, read(kinds, passed));
}

function read<const K extends readonly ArgumentType[]>(kinds: K, passed: readonly unknown[]): Values<K> {
  const values = kinds.map((kind, index) => (kind === "u64" ? wide(passed[index]) : narrow(passed[index])));
  // The type system cannot follow a map over a tuple; the line above is its definition.
  return values as Values<K>;
}

const narrow = (value: unknown): number => (typeof value === "bigint" ? refuse() : Number(value) >>> 0);
const wide = (value: unknown): bigint => (typeof value === "bigint" ? BigInt.asUintN(64, value) : refuse());

function refuse(): never {
  throw new Refusal("INVAL");
}
