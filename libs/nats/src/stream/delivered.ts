import type { Msg } from "@nats-io/nats-core";
import { type Delivery, deliveryOf } from "./delivery.ts";
import type { DeliveredMessage } from "./read-message.ts";

/** A message with its sequence in one consumer. */
export class Delivered implements DeliveredMessage {
  readonly seq: number;
  readonly count: number;
  readonly pending: number;
  readonly storedAt: number;
  readonly #message: Msg;

  private constructor(message: Msg, { seq, count, pending, storedAt }: Delivery) {
    this.seq = seq;
    this.count = count;
    this.pending = pending;
    this.storedAt = storedAt;
    this.#message = message;
  }

  /** Undefined when the message is a status of the server. */
  static from(message: Msg): Delivered | undefined {
    const delivery = deliveryOf(message.reply ?? "");
    return delivery === undefined ? undefined : new Delivered(message, delivery);
  }

  get subject(): string {
    return this.#message.subject;
  }

  get bytes(): Uint8Array {
    return this.#message.data;
  }

  header(name: string): string {
    return this.#message.headers?.get(name) ?? "";
  }
}
