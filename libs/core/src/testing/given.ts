import type { ErrorCode, NodeEvent, SecretEvent, StoredEvent } from "@shoal/proto";
import { expect } from "vitest";
import type { Decision, Evolve } from "../decider.ts";
import type { JobCommand } from "../job/commands.ts";
import { decideJob } from "../job/decide.ts";
import { evolveJob, type JobEvent } from "../job/evolve.ts";
import type { Job } from "../job/job.ts";
import { decideNode, type NodeCommand } from "../node/decide.ts";
import { type ClusterNode, evolveNode } from "../node/node.ts";
import { type SecretCommand, secretKind } from "../secret/kind.ts";
import { evolveSecret, type Secret } from "../secret/secret.ts";
import { sampleAt } from "./samples.ts";

/** Assertions about a decision. */
interface Then<E> {
  /** The decision has exactly these events; none: nothing changes. */
  then(...events: readonly E[]): void;
  /** The decision has events of exactly these kinds. */
  thenKinds(...types: readonly string[]): void;
  /** The command was refused with this code. */
  refused(code: ErrorCode): void;
  readonly decision: Decision<E>;
}

interface Decider<S, C, E extends StoredEvent> {
  readonly evolve: Evolve<S, E>;
  readonly decide: (state: S | undefined, command: C, now: number) => Decision<E>;
}

/** Folds events one by one, each at a separate position and all at the sample time; a test's history must be legal. */
export function folded<S, E extends StoredEvent>(evolve: Evolve<S, E>, history: readonly E[]): S | undefined {
  return history.reduce<S | undefined>((state, event, index) => {
    const after = evolve(state, event, { at: sampleAt, seq: index + 1 });
    if (after === undefined) throw new Error(`the given history is not legal: ${event.type} as number ${index}`);
    return after;
  }, undefined);
}

function givenFor<S, C, E extends StoredEvent>({ evolve, decide }: Decider<S, C, E>) {
  return (...history: readonly E[]) => {
    const state = folded(evolve, history);
    return {
      state,
      /** `now` is the sample time by default. */
      when(command: C, now = sampleAt): Then<E> {
        const decision = decide(state, command, now);
        return {
          decision,
          // biome-ignore lint/suspicious/noThenProperty: given, when, then; no code awaits it
          then: (...events) => expect(decision).toEqual({ ok: true, events }),
          thenKinds: (...types) => expect(kindsOf(decision)).toEqual(types),
          refused: (code) => expect(decision).toMatchObject({ ok: false, rejection: { code } }),
        };
      },
    };
  };
}

/** The kinds of a decision's events, or its rejection as one line. */
function kindsOf(decision: Decision<StoredEvent>): readonly string[] {
  return decision.ok
    ? decision.events.map(({ type }) => type)
    : [`refused: ${decision.rejection.code}, ${decision.rejection.why}`];
}

/** given(history).when(command).then(events) for jobs. */
export const givenJob = givenFor<Job, JobCommand, JobEvent>({ evolve: evolveJob, decide: decideJob });

/** given(history).when(command).then(events) for nodes. */
export const givenNode = givenFor<ClusterNode, NodeCommand, NodeEvent>({ evolve: evolveNode, decide: decideNode });

/** given(history).when(command).then(events) for secrets. */
export const givenSecret = givenFor<Secret, SecretCommand, SecretEvent>({
  evolve: evolveSecret,
  decide: secretKind.decide,
});
