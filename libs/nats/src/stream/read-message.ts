/** A message of a stream. Its bytes are valid only during the call that delivers it. */
export interface ReadMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** The value of a header; empty when the message has none of this name. */
  header(name: string): string;
}

/** A message that a consumer delivered. */
export interface DeliveredMessage extends ReadMessage {
  /** When the server stored it, in milliseconds since the epoch by the server's clock. */
  readonly storedAt: number;
}
