import { createInbox, type Msg, type NatsConnection } from "@nats-io/nats-core";

/** One subscription for the replies to all requests of a connection. */
export interface ReplyMux {
  /** Opens a reply subject for one or more replies, until `forget`. */
  open(answered: (message: Msg) => void): string;
  forget(replySubject: string): void;
  close(): void;
}

/** Subscribes to one wildcard inbox under `inboxPrefix`. The client library resubscribes after a reconnect. */
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
