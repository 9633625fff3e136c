import type { Clock, NamedCommand, Slot, World } from "@shoal/core";
import type { AnyActor } from "./actors.ts";
import type { EffectDeliverer } from "./effect-deliverer.ts";

/** Finds places for slots. */
export interface SlotScheduler {
  /** What an aggregate looks for now; replaces what it looked for before. */
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

// A deadline that has passed and led to no command: what it waits for is not a matter of milliseconds.
const overdueMs = 1_000;

/** Does what an aggregate needs, by its state alone: a missed wake-up is repaired by the next call. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  /** One timer for each aggregate: when time alone changes what it needs. */
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
    const { clock, world, scheduler, effects } = this.#options;
    const now = clock.now();
    const reaction = actor.kind.react(state, world, now);
    for (const command of reaction.commands) this.#give(actor, command);
    effects.update(actor, reaction.effects);
    scheduler.request(actor, reaction.slots);
    const { nextAt } = reaction;
    // What was just commanded leads to a commit, and that to the next reaction.
    this.#arm(actor, nextAt === undefined || nextAt > now ? nextAt : now + overdueMs);
  }

  remove(actor: AnyActor): void {
    this.#timers.get(actor)?.cancel();
    this.#timers.delete(actor);
    this.#options.scheduler.remove(actor);
    this.#options.effects.remove(actor);
  }

  #give(actor: AnyActor, command: NamedCommand): void {
    // An actor that closes leaves its aggregate to the next owner, which reacts by itself.
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
