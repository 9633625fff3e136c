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

/** A log, and the final state of each of its aggregates in the version that wrote it. */
export interface Corpus {
  readonly messages: readonly GoldenMessage[];
  /** By subject. */
  readonly expectedStates: Readonly<Record<string, string>>;
  /** The state of each aggregate, folded from the decided and from the stored commits. */
  readonly states: readonly { readonly decided: unknown; readonly stored: unknown }[];
  /** Commands without a commit, and why. */
  readonly leftOut: readonly string[];
}

// 2026-11-01: a fixed time, so that the same code writes the same log.
const beginsAt = Date.UTC(2026, 10, 1);

const read = messageReader(kinds);

/** Writes the traces as this version decides them. A command that it refuses, or that changes nothing, is left out. */
export function writeCorpus(traces: readonly Trace[]): Corpus {
  const messages: GoldenMessage[] = [];
  const expectedStates: Record<string, string> = {};
  const states: { decided: unknown; stored: unknown }[] = [];
  const leftOut: string[] = [];
  for (const { aggregate: ref, steps } of traces) {
    const subject = subjectOf(ref);
    const kind = kinds.get(ref.kind);
    let aggregate: Aggregate = noAggregate;
    let decided: Aggregate = noAggregate;
    let now = beginsAt;
    for (const step of steps) {
      now += step.afterMs ?? 0;
      const commit = decide(kind, aggregate, { step, now, id: `c-${messages.length + 1}` });
      if (typeof commit === "string") {
        leftOut.push(`${subject}: ${commit}`);
        continue;
      }
      const { bytes, hash } = encodeCommit(commit);
      const seq = messages.length + 1;
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
    states.push({ decided: decided.state, stored: aggregate.state });
    expectedStates[subject] = fateOf(kind, aggregate.state);
  }
  return { messages, expectedStates, states, leftOut };
}

/** The final state of an aggregate on one line: ended or settled, and for a job its state, its code and the states of its executions. */
export function fateOf(kind: Kind, state: unknown): string {
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
  readonly now: number;
  readonly id: string;
}

// All nodes are connected: a trace disconnects one by a command.
const world = { isGone: () => false, nodes: () => [] };

function soFar(kind: Kind, { state }: Aggregate, now: number): SoFar {
  if (state === undefined || kind.name !== "job") return { now, executions: [], slots: [] };
  const latest = new Map(executionEntities(state as Job).map(({ partitionIndex, id }) => [partitionIndex, id]));
  return { now, executions: [...latest.values()], slots: kind.react(state, world, now).slots.map(({ slot }) => slot) };
}

/** The commit of a step, or the reason why there is none. */
function decide(kind: Kind, aggregate: Aggregate, { step, now, id }: Turn): Commit | string {
  const command: NamedCommand = step.command(soFar(kind, aggregate, now));
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
