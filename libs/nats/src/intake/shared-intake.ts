import { createInbox, type Msg } from "@nats-io/nats-core";
import type { Link } from "../connection/link.ts";
import { deliveryOf, noDelivery, storedAtOf } from "./delivery.ts";
import type { Incoming, OpenIntake } from "./intake.ts";

/** An intake over the connection that all share: for what is followed without an end. */
export function sharedIntake(link: Link): OpenIntake {
  return async (ear) => {
    const inbox = createInbox(link.inboxPrefix);
    const subscription = link.nc.subscribe(inbox, {
      callback: (failure, message) => {
        if (failure !== null) ear.broke(failure.message);
        else ear.heard(new SharedMessage(message));
      },
    });
    return {
      inbox,
      say: (subject, text) => link.nc.publish(subject, text, { reply: inbox }),
      close: () => subscription.unsubscribe(),
    };
  };
}

class SharedMessage implements Incoming {
  readonly seq: number;
  readonly count: number;
  readonly pending: number;
  readonly #message: Msg;

  constructor(message: Msg) {
    const { seq, count, pending } = deliveryOf(message.reply ?? "") ?? noDelivery;
    this.seq = seq;
    this.count = count;
    this.pending = pending;
    this.#message = message;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get bytes(): Uint8Array {
    return this.#message.data;
  }

  get storedAt(): number {
    return storedAtOf(this.#message.reply ?? "");
  }

  get code(): number {
    return this.#message.headers?.code ?? 0;
  }

  get status(): string {
    return this.#message.headers?.status ?? "";
  }

  header(name: string): string {
    return this.#message.headers?.get(name) ?? "";
  }

  has(name: string): boolean {
    return this.#message.headers?.has(name) === true;
  }
}
