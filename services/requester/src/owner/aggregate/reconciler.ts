import type { Clock, NamedCommand, Slot, World } from "@shoal/core";
import type { AnyActor } from "./actors.ts";
import type { EffectDeliverer } from "./effect-deliverer.ts";

/** Finds nodes for slots. */
export interface SlotScheduler {
  /** The slots that an aggregate needs filled now; replaces the previous ones. */
  request(actor: AnyActor, slots: readonly Slot[]): void;
  remove(actor: AnyActor): void;
}

export interface ReconcilerOptions {
  readonly clock: Clock;
  /** This requester's id. */
  readonly by: string;
  readonly world: World;
  readonly scheduler: SlotScheduler;
  readonly effects: Pick<EffectDeliverer, "update" | "remove">;
}

// A deadline that has passed and led to no command: the aggregate waits for something that takes longer than
// milliseconds.
const overdueMs = 1_000;

/** Does what an aggregate needs, by its state alone: a missed wake-up is repaired by the next call. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** One timer for each aggregate: the time at which its needs change without an event. */
  readonly #timers = new Map<AnyActor, { readonly at: number; readonly cancel: () => void }>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  reconcile(actor: AnyActor): void {
    const state = actor.state();
    if (state === undefined || !actor.isOpen()) return;
    if (actor.kind.isSettled(state)) {
      this.remove(actor);
      return;
    }
    const { world, scheduler, effects } = this.#options;
    // The time of its decisions: what is due to one is due to the other.
    const now = actor.now();
    const reaction = actor.kind.react(state, world, now);
    for (const command of reaction.commands) this.#give(actor, command);
    effects.update(actor, reaction.effects);
    scheduler.request(actor, reaction.slots);
    const { nextAt } = reaction;
    // The commands issued here lead to a commit, and the commit to the next reaction.
    this.#arm(actor, nextAt === undefined || nextAt > now ? nextAt : this.#options.clock.now() + overdueMs);
  }

  remove(actor: AnyActor): void {
    this.#timers.get(actor)?.cancel();
    this.#timers.delete(actor);
    this.#options.scheduler.remove(actor);
    this.#options.effects.remove(actor);
  }

  #give(actor: AnyActor, command: NamedCommand): void {
    // An actor that closes leaves its aggregate to the next owner, which reconciles it.
    actor.command({ command, actor: { type: "requester", id: this.#options.by } }).catch(() => undefined);
  }

  #arm(actor: AnyActor, at: number | undefined): void {
    const armed = this.#timers.get(actor);
    if (armed?.at === at) return;
    armed?.cancel();
    this.#timers.delete(actor);
    if (at === undefined) return;
    const cancel = this.#options.clock.at(at, () => {
      this.#timers.delete(actor);
      this.reconcile(actor);
    });
    this.#timers.set(actor, { at, cancel });
  }
}
