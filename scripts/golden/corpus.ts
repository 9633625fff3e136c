import {
  type Aggregate,
  applyCommit,
  executionEntities,
  Fault,
  isCommit,
  type Job,
  type Kind,
  kinds,
  type NamedCommand,
  noAggregate,
} from "@shoal/core";
import { encodeCommit, messageReader } from "@shoal/nats";
import { type Commit, commitVersion, subjectOf } from "@shoal/proto";
import type { SoFar, Trace, TraceStep } from "./trace.ts";

/** A message as the stream EVENTS stores it. */
export interface GoldenMessage {
  readonly seq: number;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Its bytes in base64. */
  readonly data: string;
}

/** The log of one scenario, and its final state in the version that wrote it. */
export interface GoldenLog {
  readonly messages: readonly GoldenMessage[];
  readonly expectedState: string;
  /** The state of the aggregate, folded from the decided and from the stored commits. */
  readonly states: { readonly decided: unknown; readonly stored: unknown };
  /** Commands without a commit, and why. */
  readonly leftOut: readonly string[];
}

// 2026-11-01: a fixed time, so that the same code writes the same log.
const beginsAt = Date.UTC(2026, 10, 1);

const read = messageReader(kinds);

/** Writes a scenario as this version decides it. A command that it refuses, or that changes nothing, is left out. */
export function writeLog(scenario: string, { aggregate: ref, steps }: Trace): GoldenLog {
  const messages: GoldenMessage[] = [];
  const leftOut: string[] = [];
  const subject = subjectOf(ref);
  const kind = kinds.get(ref.kind);
  let aggregate: Aggregate = noAggregate;
  let decided: Aggregate = noAggregate;
  let now = beginsAt;
  for (const [index, step] of steps.entries()) {
    now += step.afterMs ?? 0;
    const seq = messages.length + 1;
    const commit = decide(kind, aggregate, { step, number: index + 1, now, id: `${scenario}-${seq}` });
    if (typeof commit === "string") {
      leftOut.push(`${scenario}: ${commit}`);
      continue;
    }
    const { bytes, hash } = encodeCommit(commit);
    messages.push({
      seq,
      subject,
      headers: { "Nats-Msg-Id": commit.id },
      data: Buffer.from(bytes).toString("base64"),
    });
    const found = read({ subject, seq, bytes });
    if (!isCommit(found)) throw new Fault(found.code, found.why);
    decided = applyCommit(kind, decided, { aggregate: ref, seq, hash, commit });
    aggregate = applyCommit(kind, aggregate, found);
  }
  const states = { decided: decided.state, stored: aggregate.state };
  return { messages, expectedState: expectedStateOf(kind, aggregate.state), states, leftOut };
}

/** The final state of an aggregate on one line: ended or settled, and for a job its state, its code and the states of its executions. */
export function expectedStateOf(kind: Kind, state: unknown): string {
  const live = kind.isSettled(state) ? "settled" : kind.isEnded(state) ? "ended" : "open";
  if (kind.name !== "job") return [live, memberOf(state, "state")].join(" ");
  const job = state as Job;
  const executions = executionEntities(job).map(({ computeState }) => computeState.stateType);
  return [live, job.header.state, job.header.code, ...executions].filter((word) => word !== "").join(" ");
}

const memberOf = (state: unknown, name: string): string =>
  typeof state === "object" && state !== null ? String(Reflect.get(state, name)) : "";

interface Turn {
  readonly step: TraceStep;
  /** From 1, in its trace. */
  readonly number: number;
  readonly now: number;
  readonly id: string;
}

// All nodes are connected: a trace disconnects one by a command.
const world = { isGone: () => false, nodes: () => [], settled: () => true };

function soFar(kind: Kind, { state }: Aggregate, { now, number }: Turn): SoFar {
  if (state === undefined || kind.name !== "job") return { now, number, executions: [], slots: [] };
  const latest = new Map(executionEntities(state as Job).map(({ partitionIndex, id }) => [partitionIndex, id]));
  const slots = kind.react(state, world, now).slots.map(({ slot }) => slot);
  return { now, number, executions: [...latest.values()], slots };
}

/** The commit of a step, or the reason why there is none. */
function decide(kind: Kind, aggregate: Aggregate, turn: Turn): Commit | string {
  const { step, now, id } = turn;
  const command: NamedCommand = step.command(soFar(kind, aggregate, turn));
  const decision = kind.decide(aggregate.state, command, now);
  if (!decision.ok) return `${command.name} is refused: ${decision.rejection.why}`;
  if (decision.events.length === 0) return `${command.name} changes nothing`;
  return {
    v: commitVersion,
    id,
    at: now,
    by: "r-golden",
    actor: step.actor,
    cause: { command: command.name, id: `cmd-${id}` },
    epoch: 1,
    prev: aggregate.head.hash,
    events: decision.events,
  };
}
