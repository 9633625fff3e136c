import type { AggregateRef, AnyEventKind, NodeDrain, NodeInfo, StoredEvent } from "@shoal/proto";
import type { z } from "zod";
import type { Decision, Moment } from "./decider.ts";
import type { View } from "./views/view.ts";

/** A command by its name; the kind defines its other fields. */
export interface NamedCommand {
  readonly name: string;
}

/** What an aggregate knows about nodes when it reacts. */
export interface World {
  /** The log records that this node is disconnected, rejected, deleted or forgotten. */
  isGone(nodeId: string): boolean;
  /** Why a node that is gone does not return with its work; undefined for one that may. Every node may when left out. */
  removalOf?(nodeId: string): string | undefined;
  /** The drain of a node; undefined for one that gets work. No node drains when left out. */
  drainOf?(nodeId: string): NodeDrain | undefined;
  /** What the connected nodes advertise that get work. */
  nodes(): readonly NodeInfo[];
  /** Enough heartbeats were received to know which nodes are absent. */
  settled(): boolean;
}

/** A unit of placement: a partition's number, or the id of the node that it is pinned to. */
export interface Slot {
  readonly slot: string;
  /** The only node that may fill it. */
  readonly pinnedTo?: string;
}

/** An operation that an aggregate requests of another one: data in its state until `EffectDone` or `EffectRefused`. */
export interface Effect {
  /** Derived from the effect's cause: the same effect always has the same id. It is also the command's id. */
  readonly id: string;
  readonly target: AggregateRef;
  readonly command: NamedCommand;
}

/** What an aggregate needs now, computed from its state. A new owner computes the same. */
export interface Reaction<C extends NamedCommand = NamedCommand> {
  /** Slots to place now. */
  readonly slots: readonly Slot[];
  /** Effects without an answer. */
  readonly effects: readonly Effect[];
  /** Commands that the aggregate issues to itself: a deadline has passed, a node is gone. */
  readonly commands: readonly C[];
  /** When to react again, milliseconds since the epoch; undefined when time alone changes nothing. */
  readonly nextAt: number | undefined;
}

/** Nothing to do, now or later. */
export const noReaction: Reaction<never> = { slots: [], effects: [], commands: [], nextAt: undefined };

/** The command by which the owner reports the result of an effect to its aggregate. Kinds with effects decide it. */
export interface EffectAnswered {
  readonly name: "EffectAnswered";
  readonly effectId: string;
  /** Why the receiver refused; undefined when it accepted. */
  readonly refusal: { readonly code: string; readonly why: string } | undefined;
}

/**
 * A kind of aggregate: how it decides, folds and reacts, and which views it has. Shards, projection, takeover, replay, live events
 * and the simulator work on any kind. Everything here is pure; times are milliseconds since the epoch.
 */
export interface Kind<S = unknown, C extends NamedCommand = NamedCommand, E extends StoredEvent = StoredEvent> {
  /** As in subjects. */
  readonly name: string;
  /** Whether its aggregates belong to namespaces. */
  readonly isNamespaced: boolean;
  /** Every event of its history. */
  readonly events: readonly AnyEventKind[];
  /** The lowest feature level of a cluster that may have aggregates of this kind; 1 when left out. */
  readonly since?: number;
  /** The lowest feature level that the facts of an event need, beside its kind's `since`: a new job type, say. 1 when left out. */
  levelOf?(event: E): number;
  decide(state: S | undefined, command: C, now: number): Decision<E>;
  /** Folds one event in; undefined when the event cannot follow the state. */
  evolve(state: S | undefined, event: E, moment: Moment): S | undefined;
  react(state: S, world: World, now: number): Reaction<C>;
  /** Whether it reacts again when a node joins, or changes what it advertises; no kind does when left out. */
  followsNodes?(state: S): boolean;
  /** The outcome is recorded. Executions or effects may still be live. */
  isEnded(state: S): boolean;
  /** Nothing is live and no effect is open: the aggregate leaves memory, and the view `open`. */
  isSettled(state: S): boolean;
  /** The nodes on which it has something live, or is to have: it reacts when one of them is gone. */
  nodesOf(state: S): Iterable<string>;
  /** In the order of writing. */
  readonly views: readonly View<S>[];
  /** The names of commands that create an aggregate: the log accepts one first commit. */
  readonly creates: readonly string[];
  /** Commands that other processes may send, with their schemas. */
  readonly accepts: Readonly<Record<string, z.ZodType>>;
}
