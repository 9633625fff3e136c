import type { BidServer, Clock, Random, ViewChange, ViewEntry } from "@shoal/core";
import type { Assignment } from "@shoal/proto";
import type { Journal, JournalEntry } from "../journal/journal.ts";
import { type ConfirmVerdict, createConfirmer } from "./confirmer.ts";
import { ContactWatch } from "./contact-watch.ts";
import { createEndedMemory } from "./ended-memory.ts";
import { type ReadAssignment, readAssignment } from "./read-assignment.ts";
import { createRunners, type PresentExecution, type Runners, type RunnersOptions } from "./runners.ts";

export interface FollowerOptions extends RunnersOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly bidServer: Pick<BidServer, "confirm">;
  readonly journal: Pick<Journal, "forget">;
}

/** Reconciles executions with assignments: begins new ones, ends removed ones, and has uncertain ones confirmed. */
export interface Follower {
  follow(executionId: string, value: ViewEntry | undefined, change: ViewChange): void;
  /**
   * Resumes from a journal entry of an earlier process. Without an assignment the entry is kept until the requesters
   * answer.
   */
  resume(entry: JournalEntry, value: ViewEntry | undefined): void;
  /** All assignments have been delivered, at the start or after a reconnect. */
  ready(): void;
  /** Asks whether an execution is still assigned, and which of its reports the log has. */
  confirm(executionId: string): void;
  sweep(): void;
  /** Every execution of this node. */
  executions(): Iterable<PresentExecution>;
  close(): void;
}

/** A journal entry can be confirmed when it names its job. A damaged entry does not. */
export const isConfirmable = ({ job }: JournalEntry): boolean => job !== undefined;

// An entry stored later than this after `assignedAt` is not the owner's first write of it, so it begins only after a
// confirmation. The limit is longer than the retries of a write (20 s) and shorter than the life of a removal marker
// (60 s).
const freshMs = 30_000;
// How far the clock of a requester may be ahead of the server's. Beyond this, the age of an entry is not reliable.
const aheadMsMax = 5_000;

// Pause before the node asks again about an execution that is confirmed but has no assignment. The requester writes the
// assignment when it answers, unless the execution ends in the meantime. Equal to the longest pause after a question
// without an answer.
const absentAgainMs = 30_000;

interface FollowerState {
  readonly options: FollowerOptions;
  readonly contact: ContactWatch;
  readonly runners: Runners;
  /** Assignments that wait for a confirmation before they begin. */
  readonly doubted: Map<string, ReadAssignment>;
  /** Journal entries without an assignment. */
  readonly orphans: Map<string, JournalEntry>;
  /** Resumed executions that wait for a confirmation before they start again. */
  readonly gates: Map<string, () => void>;
  /**
   * Executions of this node without an assignment: confirmed after each delivery of all assignments, and every 30 s.
   */
  readonly absent: Set<string>;
  readonly ended: ReturnType<typeof createEndedMemory>;
}

export function createFollower(options: FollowerOptions): Follower {
  const state = createState(options);
  const { contact, runners } = state;
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
        // A resumed execution that waits to start needs the verdict, not only the entry.
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
      // The connection was lost: the current owners may not have received the last reports.
      options.outbox.repeatAll();
      askAgain();
      confirmer.soon();
    },
    confirm(executionId) {
      if (runners.has(executionId)) ask(executionId, !state.absent.has(executionId));
    },
    sweep: runners.sweep,
    executions: runners.all,
    close() {
      contact.close();
      close();
    },
  };
}

function createState(options: FollowerOptions): FollowerState {
  // Executions end while the node is cut off for longer than their tasks allow.
  const contact = new ContactWatch({ ...options, stop: (executionId) => runners.stop(executionId) });
  const runners = createRunners({
    ...options,
    run(assignment, { onSettled, ...origin }) {
      contact.began(assignment);
      const settled = () => {
        contact.ended(assignment.executionId);
        onSettled();
      };
      return options.run(assignment, { ...origin, onSettled: settled });
    },
  });
  return {
    options,
    contact,
    runners,
    doubted: new Map(),
    orphans: new Map(),
    gates: new Map(),
    absent: new Set(),
    ended: createEndedMemory(),
  };
}

/** Confirmations: asked at once for uncertain executions, repeatedly for absent ones. */
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

/** Whether an entry asks for a stop. The entry may not be a valid assignment. */
const isToStop = (value: ViewEntry): boolean => value["desired"] === "stop";

/** Whether an execution that is new to this node may begin without a confirmation. */
function isCertain(
  { ended }: FollowerState,
  executionId: string,
  { assignment, change }: { readonly assignment: Assignment; readonly change: ViewChange },
): boolean {
  if (assignment.desired === "stop") return false;
  const ageMs = change.storedAt - assignment.assignedAt;
  return !change.isInitial && ageMs > -aheadMsMax && ageMs < freshMs && !ended.has(executionId);
}

/** Resumes from the journal. What would start again waits for a confirmation. */
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
  // Nothing has begun: a later assignment is evaluated as a new one.
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

/** The assignment was removed, or the log no longer assigns the execution to this node. */
function end(
  { options, contact, runners, doubted, orphans, gates, absent, ended }: FollowerState,
  executionId: string,
): void {
  contact.ended(executionId);
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
