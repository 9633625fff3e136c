import { type AnyEventKind, type Commit, commitVersion, type StoredEvent } from "@shoal/proto";
import { Fault } from "./fault.ts";
import { eventsOf, type Kinds } from "./kinds.ts";
import type { StoredCommit, UnreadableCommit } from "./ports/event-log.ts";

/** The result of reading a message of the log: a commit, or why it cannot be read. */
export type CommitReading = { readonly commit: Commit } | Pick<UnreadableCommit, "code" | "why">;

/** Reads the parsed JSON of messages of the log. Never throws. */
export type CommitReader = (kind: string, data: unknown) => CommitReading;

/**
 * Reads stored data as a commit of this version: checks its envelope and lifts its events to the versions that
 * these kinds write. `kind` is the one in the message's subject; `data` is undefined for invalid JSON.
 */
export function commitReader(known: Kinds): CommitReader {
  const events = eventsOf(known);
  // Exact, as subjects are: a registry ignores case.
  const names = new Set(known.parts.map(({ name }) => name));
  return (kind, data) => {
    if (!names.has(kind)) return unknownKind(kind);
    if (!isRecord(data)) return damaged("expected a JSON object");
    const { v } = data;
    if (Number.isInteger(v) && Number(v) > commitVersion)
      return newer(`expected form ${commitVersion} at most, got ${String(v)}`);
    const problem = envelopeProblem(data);
    return problem === undefined ? lifted(data as unknown as Commit, events) : damaged(problem);
  };
}

/** The Fault of a message that cannot be read. */
export function faultOf({ aggregate, seq, code, why }: UnreadableCommit): Fault {
  return new Fault(code, `${aggregate.kind} ${aggregate.id} at ${seq}: ${why}`, { details: { seq, aggregate } });
}

/** Whether this code says that a message of the log cannot be read: a retry does not help. */
export function isUnreadableCode(code: string): code is UnreadableCommit["code"] {
  return code === "LOG_NEWER" || code === "LOG_DAMAGED";
}

/** Whether a message was read. */
export function isCommit(read: StoredCommit | UnreadableCommit): read is StoredCommit {
  return "commit" in read;
}

const newer = (why: string) => ({ code: "LOG_NEWER", why }) as const;
const damaged = (why: string) => ({ code: "LOG_DAMAGED", why }) as const;

/** The reading of a message of an unknown kind. */
export const unknownKind = (kind: string) => newer(`unknown kind "${kind}"`);

const isRecord = (data: unknown): data is Readonly<Record<string, unknown>> =>
  typeof data === "object" && data !== null && !Array.isArray(data);

const isText = (value: unknown): boolean => typeof value === "string";
const isNumber = (value: unknown): boolean => typeof value === "number";
const isOptionalText = (value: unknown): boolean => value === undefined || typeof value === "string";

const actorTypes: ReadonlySet<unknown> = new Set(["client", "node", "requester"]);

// The checks of CommitEnvelope, without the copy that a schema makes: a replay reads millions.
const fields: Readonly<Record<keyof Commit, (value: unknown) => boolean>> = {
  v: (value) => value === commitVersion,
  id: (value) => isText(value) && value !== "",
  at: isNumber,
  by: isText,
  actor: (value) =>
    isRecord(value) &&
    actorTypes.has(value["type"]) &&
    isText(value["id"]) &&
    isOptionalText(value["address"]) &&
    isOptionalText(value["requestId"]),
  cause: (value) => isRecord(value) && isText(value["command"]) && isOptionalText(value["id"]),
  epoch: isNumber,
  prev: isText,
  events: (value) => Array.isArray(value) && value.length > 0 && value.every(isEvent),
};
const checks = Object.entries(fields);

const isEvent = (value: unknown): boolean =>
  isRecord(value) &&
  isText(value["type"]) &&
  Number.isSafeInteger(value["v"]) &&
  Number(value["v"]) >= 1 &&
  "data" in value;

function envelopeProblem(data: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, holds] of checks) if (!holds(data[name])) return `invalid field "${name}"`;
  return undefined;
}

function lifted(commit: Commit, known: ReadonlyMap<string, AnyEventKind>): CommitReading {
  let old = false;
  for (const { type, v } of commit.events) {
    const kind = known.get(type);
    if (kind === undefined) return newer(`unknown event ${type}`);
    if (v > kind.version) return newer(`expected ${type} ${kind.version} at most, got ${v}`);
    old ||= v < kind.version;
  }
  if (!old) return { commit };
  try {
    return { commit: { ...commit, events: commit.events.map((event) => lift(event, known)) } };
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    return damaged(`its events cannot be lifted: ${why}`);
  }
}

function lift(event: StoredEvent, known: ReadonlyMap<string, AnyEventKind>): StoredEvent {
  const kind = known.get(event.type);
  if (kind === undefined || kind.version === event.v) return event;
  const data = kind.lifts.slice(event.v - 1).reduce((before, each) => each(before), event.data);
  return { ...event, v: kind.version, data };
}
