import type { Logger } from "@shoal/core";
import {
  backoffMs,
  type Clock,
  type CommandReply,
  causeOf,
  type Effect,
  type EffectAnswered,
  Fault,
  type Kinds,
} from "@shoal/core";
import { errors } from "@shoal/proto";
import type { Dispatcher } from "../dispatcher.ts";
import type { AnyActor } from "./actors.ts";

export interface EffectDelivererOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly kinds: Kinds;
  /** This requester's id. */
  readonly by: string;
  readonly dispatcher: Dispatcher;
}

/**
 * The pause after a failed delivery, and the longest: a receiver in quarantine needs an operator, an owner that changes
 * needs seconds.
 */
const deliveryBackoff = { firstMs: 500, maxMs: 30_000 } as const;
// Concurrent deliveries: enough to hide their round trips, few enough for the NATS server.
const deliveringMax = 64;

interface EffectDelivery {
  readonly actor: AnyActor;
  readonly effect: Effect;
  failures: number;
  state: "queued" | "delivering" | "pausing";
  cancel: () => void;
}

/**
 * Delivers effects as commands with the effect's id, until the sender has recorded how they ended. Each is retried
 * separately with back-off: a receiver that cannot be reached or read blocks no other.
 */
export class EffectDeliverer {
  readonly #options: EffectDelivererOptions;
  readonly #deliveries = new Map<AnyActor, Map<string, EffectDelivery>>();
  readonly #queue = new Set<EffectDelivery>();
  #delivering = 0;

  constructor(options: EffectDelivererOptions) {
    this.#options = options;
  }

  /** The open effects of an aggregate. */
  update(actor: AnyActor, effects: readonly Effect[]): void {
    const known = this.#deliveries.get(actor);
    if (known === undefined && effects.length === 0) return;
    const deliveries = known ?? new Map<string, EffectDelivery>();
    this.#deliveries.set(actor, deliveries);
    const open = new Set(effects.map(({ id }) => id));
    for (const [id, delivery] of deliveries) if (!open.has(id)) this.#drop(deliveries, delivery);
    for (const effect of effects) {
      if (deliveries.has(effect.id)) continue;
      const delivery: EffectDelivery = { actor, effect, failures: 0, state: "queued", cancel: () => undefined };
      deliveries.set(effect.id, delivery);
      this.#queue.add(delivery);
    }
    if (deliveries.size === 0) this.#deliveries.delete(actor);
    this.#pump();
  }

  remove(actor: AnyActor): void {
    const deliveries = this.#deliveries.get(actor);
    for (const delivery of deliveries?.values() ?? []) this.#drop(deliveries, delivery);
    this.#deliveries.delete(actor);
  }

  #drop(deliveries: Map<string, EffectDelivery> | undefined, delivery: EffectDelivery): void {
    delivery.cancel();
    this.#queue.delete(delivery);
    deliveries?.delete(delivery.effect.id);
  }

  #isDesired({ actor, effect }: EffectDelivery): boolean {
    return actor.isOpen() && this.#deliveries.get(actor)?.has(effect.id) === true;
  }

  #pump(): void {
    for (const delivery of this.#queue) {
      if (this.#delivering >= deliveringMax) return;
      this.#queue.delete(delivery);
      void this.#deliver(delivery);
    }
  }

  async #deliver(delivery: EffectDelivery): Promise<void> {
    const { by } = this.#options;
    const { actor, effect } = delivery;
    delivery.state = "delivering";
    this.#delivering++;
    try {
      const answer = answerOf(effect, await this.#send(effect));
      const recorded = await actor.command({ command: answer, actor: { type: "requester", id: by } });
      if (!recorded.ok) throw new Fault(recorded.rejection.code, recorded.rejection.why);
      // The sender still requires it: delivered once more, which changes nothing at the receiver.
      if (this.#isDesired(delivery)) throw new Fault("ILLEGAL_TRANSITION", "the sender did not record the answer");
    } catch (failure) {
      this.#retryLater(delivery, failure);
    } finally {
      this.#delivering--;
      this.#pump();
    }
  }

  async #send({ id, target, command }: Effect): Promise<CommandReply> {
    const { dispatcher, by, kinds } = this.#options;
    const envelope = { id, aggregate: target, command, actor: { type: "requester", id: by } } as const;
    if (!kinds.get(target.kind).creates.includes(command.name)) return await dispatcher.send(envelope);
    return (await dispatcher.create(envelope)).reply;
  }

  #retryLater(delivery: EffectDelivery, failure: unknown): void {
    const { clock, logger } = this.#options;
    const { actor, effect } = delivery;
    if (!this.#isDesired(delivery)) return;
    if (delivery.failures++ === 0)
      logger.warn(
        { id: actor.ref.id, effectId: effect.id, ...causeOf(failure) },
        "could not deliver an effect; retrying",
      );
    delivery.state = "pausing";
    const pauseMs = backoffMs(deliveryBackoff, delivery.failures);
    delivery.cancel = clock.at(clock.now() + pauseMs, () => {
      delivery.state = "queued";
      this.#queue.add(delivery);
      this.#pump();
    });
  }
}

/**
 * How an effect ended. A receiver whose state no longer allows the command is done: no work is left there. Throws a
 * Fault for a refusal that may change with time.
 */
function answerOf({ id: effectId }: Effect, reply: CommandReply): EffectAnswered {
  if (reply.ok || reply.rejection.code === "ILLEGAL_TRANSITION")
    return { name: "EffectAnswered", effectId, refusal: undefined };
  const { code, why } = reply.rejection;
  if (errors[code].retry || code === "LOG_DAMAGED") throw new Fault(code, why);
  return { name: "EffectAnswered", effectId, refusal: reply.rejection };
}
