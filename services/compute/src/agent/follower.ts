import type { BidServer, Clock, Random, ViewChange, ViewEntry } from "@shoal/core";
import type { Assignment } from "@shoal/proto";
import type { Journal, JournalEntry } from "../journal/journal.ts";
import { type ConfirmVerdict, createConfirmer } from "./confirmer.ts";
import { createEndedMemory } from "./ended-memory.ts";
import { type ReadAssignment, readAssignment } from "./read-assignment.ts";
import { createRunners, type Runners, type RunnersOptions } from "./runners.ts";

export interface FollowerOptions extends RunnersOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly bidServer: Pick<BidServer, "confirm">;
  readonly journal: Pick<Journal, "forget">;
}

/** Walks towards the assignments: begins what is new, ends what was removed, and has confirmed what is in doubt. */
export interface Follower {
  follow(executionId: string, value: ViewEntry | undefined, change: ViewChange): void;
  /** What an earlier process knew. Without an assignment it is kept until the requesters have answered. */
  resume(entry: JournalEntry, value: ViewEntry | undefined): void;
  /** All assignments have been told, for the first time or once more. */
  ready(): void;
  /** Asks whether an execution holds still, and which of its reports the log has. */
  confirm(executionId: string): void;
  sweep(): void;
  close(): void;
}

/** An entry of the journal can be asked about: it says which job it belongs to. One that was damaged cannot. */
export const isConfirmable = ({ job }: JournalEntry): boolean => job !== undefined;

// An entry that was stored later than this after its assignment was decided is not the owner's first write of it: it is begun
// only when it is confirmed. Longer than any write is tried for (20 s), shorter than the life of a removal marker (60 s).
const freshMs = 30_000;
// So much may the clock of a requester be ahead of the server's. Beyond it the age of an entry says nothing.
const aheadMsMax = 5_000;

// An execution that holds and has no assignment is asked about again after this: the requester writes the assignment when it
// answers, unless the execution has ended meanwhile. As long as the longest pause of a question without an answer.
const absentAgainMs = 30_000;

interface FollowerState {
  readonly options: FollowerOptions;
  readonly runners: Runners;
  /** Assignments that are not begun before they are confirmed. */
  readonly doubted: Map<string, ReadAssignment>;
  /** Entries of the journal that have no assignment. */
  readonly orphans: Map<string, JournalEntry>;
  /** Who waits for the word that a resumed execution may begin once more. */
  readonly gates: Map<string, () => void>;
  /** What this node has and nothing assigns: asked about whenever all assignments have been told, and every half minute. */
  readonly absent: Set<string>;
  readonly ended: ReturnType<typeof createEndedMemory>;
}

export function createFollower(options: FollowerOptions): Follower {
  const runners = createRunners(options);
  const state: FollowerState = {
    options,
    runners,
    doubted: new Map(),
    orphans: new Map(),
    gates: new Map(),
    absent: new Set(),
    ended: createEndedMemory(),
  };
  const { ask, askAgain, confirmer, close } = createQuestions(state);
  return {
    follow(executionId, value, change) {
      if (value === undefined) {
        if (change.isAbsent) return void leaveAbsent(state, executionId, ask);
        confirmer.cancel(executionId);
        return end(state, executionId);
      }
      const wasAbsent = state.absent.delete(executionId);
      const orphan = state.orphans.get(executionId);
      if (orphan !== undefined) return adopt(state, orphan, { value, ask });
      if (runners.has(executionId) && !runners.isForgetting(executionId)) {
        if (isToStop(value)) runners.stop(executionId);
        // Who waits to begin once more waits for the verdict, not for the entry.
        if (wasAbsent && !state.gates.has(executionId)) confirmer.cancel(executionId);
        return;
      }
      const read = readAssignment(options.nodeId, executionId, value);
      if (read.assignment === undefined || isCertain(state, executionId, { assignment: read.assignment, change })) {
        state.doubted.delete(executionId);
        return runners.begin(executionId, { read, recordedUpTo: 0 });
      }
      if (read.assignment.desired === "stop") {
        state.doubted.delete(executionId);
        runners.begin(executionId, { read, recordedUpTo: 0 });
      } else state.doubted.set(executionId, read);
      ask(executionId, true);
    },
    resume(entry, value) {
      const { executionId } = entry;
      if (value !== undefined) return adopt(state, entry, { value, ask });
      if (!isConfirmable(entry)) return options.journal.forget(executionId);
      state.orphans.set(executionId, entry);
      state.absent.add(executionId);
      runners.keep(executionId);
      ask(executionId, false);
    },
    ready() {
      // The connection was away: what was said last may not have been heard by whoever reads now.
      options.outbox.repeatAll();
      askAgain();
      confirmer.soon();
    },
    confirm(executionId) {
      if (runners.has(executionId)) ask(executionId, !state.absent.has(executionId));
    },
    sweep: runners.sweep,
    close,
  };
}

/** What is asked of the requesters: what is in doubt at once, what is absent again and again. */
function createQuestions(state: FollowerState) {
  const { clock } = state.options;
  let cancelAgain: (() => void) | undefined;
  const confirmer = createConfirmer({
    ...state.options,
    onVerdict(verdict) {
      const { executionId, holds } = verdict;
      if (!holds) return end(state, executionId);
      confirmed(state, verdict);
      if (state.absent.has(executionId)) cancelAgain ??= clock.at(clock.now() + absentAgainMs, askAgain);
    },
  });
  function ask(executionId: string, isAssigned: boolean): void {
    const job = jobOf(state, executionId);
    if (job !== undefined) confirmer.ask({ executionId, ...job, isAssigned });
  }
  function askAgain(): void {
    cancelAgain?.();
    cancelAgain = undefined;
    for (const executionId of state.absent) ask(executionId, false);
  }
  function close(): void {
    cancelAgain?.();
    confirmer.close();
  }
  return { ask, askAgain, confirmer, close };
}

/** Whether an entry, which may not even be an assignment, asks for the end of its execution. */
const isToStop = (value: ViewEntry): boolean => value["desired"] === "stop";

/** Whether an execution that this node does not know may begin without a question. */
function isCertain(
  { ended }: FollowerState,
  executionId: string,
  { assignment, change }: { readonly assignment: Assignment; readonly change: ViewChange },
): boolean {
  if (assignment.desired === "stop") return false;
  const ageMs = change.storedAt - assignment.assignedAt;
  return !change.isInitial && ageMs > -aheadMsMax && ageMs < freshMs && !ended.has(executionId);
}

/** Goes on with what the journal knows. What would begin once more waits until it is confirmed. */
function adopt(
  { options, runners, orphans, gates }: FollowerState,
  entry: JournalEntry,
  { value, ask }: { readonly value: ViewEntry; readonly ask: (executionId: string, isAssigned: boolean) => void },
): void {
  const { executionId } = entry;
  orphans.delete(executionId);
  const { promise: mayBegin, resolve } = Promise.withResolvers<void>();
  gates.set(executionId, resolve);
  runners.resume(entry, readAssignment(options.nodeId, executionId, value), mayBegin);
  ask(executionId, true);
}

function leaveAbsent(
  state: FollowerState,
  executionId: string,
  ask: (executionId: string, isAssigned: boolean) => void,
): void {
  // Nothing was begun: when the assignment comes again it is judged again.
  if (state.doubted.delete(executionId) || !state.runners.has(executionId)) return;
  state.absent.add(executionId);
  ask(executionId, false);
}

function confirmed({ runners, doubted, gates }: FollowerState, { executionId, recordedUpTo }: ConfirmVerdict): void {
  const read = doubted.get(executionId);
  if (doubted.delete(executionId) && read !== undefined) runners.begin(executionId, { read, recordedUpTo });
  else runners.recorded(executionId, recordedUpTo);
  gates.get(executionId)?.();
  gates.delete(executionId);
}

/** Removed, or the log says that it is not this node's any more. */
function end({ options, runners, doubted, orphans, gates, absent, ended }: FollowerState, executionId: string): void {
  absent.delete(executionId);
  doubted.delete(executionId);
  gates.delete(executionId);
  ended.add(executionId);
  if (orphans.delete(executionId)) {
    options.journal.forget(executionId);
    runners.release(executionId);
  }
  runners.end(executionId);
}

function jobOf(
  { runners, doubted, orphans }: FollowerState,
  executionId: string,
): { readonly jobId: string; readonly namespace: string } | undefined {
  const assignment = doubted.get(executionId)?.assignment ?? runners.assignmentOf(executionId);
  if (assignment === undefined) return orphans.get(executionId)?.job;
  return { jobId: assignment.jobId, namespace: assignment.namespace };
}
