import { createInbox, type Msg, type NatsConnection } from "@nats-io/nats-core";

/** One subscription for the answers to everything that a connection asks. */
export interface ReplyMux {
  /** A subject to be answered on, once or more often, until `forget`. */
  open(answered: (message: Msg) => void): string;
  forget(replySubject: string): void;
  close(): void;
}

/** Subscribes to one wildcard inbox under `inboxPrefix`. The client subscribes again by itself after a reconnect. */
export function openReplyMux(nc: NatsConnection, inboxPrefix: string): ReplyMux {
  const waiting = new Map<string, (message: Msg) => void>();
  const inbox = createInbox(inboxPrefix);
  const subscription = nc.subscribe(`${inbox}.*`, {
    callback: (failure, message) => {
      if (failure === null) waiting.get(message.subject)?.(message);
    },
  });
  let serial = 0;
  return {
    open(answered) {
      serial += 1;
      const subject = `${inbox}.${serial.toString(36)}`;
      waiting.set(subject, answered);
      return subject;
    },
    forget: (subject) => void waiting.delete(subject),
    close() {
      waiting.clear();
      subscription.unsubscribe();
    },
  };
}
