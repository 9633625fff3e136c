/** A message as a reading delivers it. Its bytes are valid only during the call. */
export interface ReadMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** Empty when the message has none. */
  header(name: string): string;
}

/** A message that a consumer brought. */
export interface DeliveredMessage extends ReadMessage {
  /** When the server stored it, milliseconds since the epoch by the server's clock. */
  readonly storedAt: number;
}

/** What comes for a consumer: a stored message, or a word of the server in its place, of which `seq` is 0. */
export interface Incoming extends DeliveredMessage {
  /** The count of this consumer's deliveries. */
  readonly count: number;
  /** How many messages wait behind it. */
  readonly pending: number;
  /** The code of the server's word, and what it says; 0 and nothing for a message. */
  readonly code: number;
  readonly status: string;
  /** Whether it has this header, in this spelling; costs less than reading them. */
  has(name: string): boolean;
}

/** Who is told what comes in. Neither call may throw. */
export interface IntakeEar {
  heard(message: Incoming): void;
  /** Nothing more comes. */
  broke(why: string): void;
}

/** Where a consumer's messages come in, and its questions go out. */
export interface Intake {
  /** The subject to which everything comes. */
  readonly inbox: string;
  /** Says something to be answered to the inbox. */
  say(subject: string, text: string): void;
  close(): void;
}

/** Opens an intake. Rejects with an error that says why there is none. */
export type OpenIntake = (ear: IntakeEar) => Promise<Intake>;
