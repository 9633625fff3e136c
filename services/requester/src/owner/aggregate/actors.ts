import type { NamedCommand } from "@shoal/core";
import { type AggregateRef, type StoredEvent, subjectOf } from "@shoal/proto";
import type { AggregateActor } from "./aggregate-actor.ts";

/** An actor of any kind. */
export type AnyActor = AggregateActor<unknown, NamedCommand, StoredEvent>;

/** The actors of a shard: by subject, by kind and id, and by the nodes that have live executions of them. */
export class Actors {
  readonly #bySubject = new Map<string, AnyActor>();
  readonly #byId = new Map<string, AnyActor>();
  readonly #byNode = new Map<string, Set<AnyActor>>();
  readonly #nodesOf = new Map<AnyActor, readonly string[]>();

  get size(): number {
    return this.#bySubject.size;
  }

  /** With the namespace `*`: the aggregate of this id in any namespace. */
  get(ref: AggregateRef): AnyActor | undefined {
    return ref.namespace === "*" ? this.#byId.get(idOf(ref)) : this.#bySubject.get(subjectOf(ref));
  }

  add(actor: AnyActor): void {
    this.#bySubject.set(subjectOf(actor.ref), actor);
    this.#byId.set(idOf(actor.ref), actor);
  }

  delete(actor: AnyActor): void {
    this.#bySubject.delete(subjectOf(actor.ref));
    if (this.#byId.get(idOf(actor.ref)) === actor) this.#byId.delete(idOf(actor.ref));
    this.#place(actor, []);
  }

  clear(): void {
    for (const index of [this.#bySubject, this.#byId, this.#byNode, this.#nodesOf]) index.clear();
  }

  /** Updates the index of nodes to the actor's state. */
  index(actor: AnyActor): void {
    const state = actor.state();
    this.#place(actor, state === undefined ? [] : [...new Set(actor.kind.nodesOf(state))]);
  }

  /** The actors with live executions on a node. */
  on(nodeId: string): readonly AnyActor[] {
    return [...(this.#byNode.get(nodeId) ?? [])];
  }

  [Symbol.iterator](): Iterator<AnyActor> {
    return this.#bySubject.values();
  }

  #place(actor: AnyActor, nodes: readonly string[]): void {
    const before = this.#nodesOf.get(actor) ?? [];
    if (before.length === nodes.length && before.every((nodeId, index) => nodeId === nodes[index])) return;
    for (const nodeId of before) {
      const on = this.#byNode.get(nodeId);
      on?.delete(actor);
      if (on?.size === 0) this.#byNode.delete(nodeId);
    }
    for (const nodeId of nodes) {
      const on = this.#byNode.get(nodeId) ?? new Set();
      this.#byNode.set(nodeId, on.add(actor));
    }
    if (nodes.length === 0) this.#nodesOf.delete(actor);
    else this.#nodesOf.set(actor, nodes);
  }
}

const idOf = ({ kind, id }: AggregateRef): string => `${kind}/${id}`;
