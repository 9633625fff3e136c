import { ownProblem } from "../api-error.ts";

/** One event of the feed. */
export interface FeedEvent {
  /** `<seq>.<index>`: globally unique; resume from it. */
  readonly id: string;
  /** The log position of its commit. */
  readonly seq: number;
  /** Its index in that commit, from 0. */
  readonly index: number;
  /** The event type, such as `JobSubmitted`. */
  readonly type: string;
  readonly cloudEvent: CloudEventEnvelope;
}

/** The envelope (CloudEvents 1.0, JSON format) as received. */
export interface CloudEventEnvelope {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  /** `shoal.` and the event type. */
  readonly type: string;
  /** The id of the job or node. */
  readonly subject: string;
  /** RFC 3339. */
  readonly time: string;
  /** The facts of the event. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly [attribute: string]: unknown;
}

const position = /^(\d+)\.(\d+)$/;
const prefix = "shoal.";

/** A server-sent event of the feed. */
interface FeedMessage {
  readonly id: string;
  readonly data: string;
}

/** Reads one message of the feed. Throws ApiError when it is malformed. */
export function feedEventOf(message: FeedMessage): FeedEvent {
  const [, seq, index] = position.exec(message.id) ?? [];
  const cloudEvent = parse(message.data);
  if (seq === undefined || index === undefined || cloudEvent === undefined) {
    throw ownProblem("INTERNAL", `the event feed sent a malformed event (id "${message.id}")`);
  }
  const type = cloudEvent.type.startsWith(prefix) ? cloudEvent.type.slice(prefix.length) : cloudEvent.type;
  return { id: message.id, seq: Number(seq), index: Number(index), type, cloudEvent };
}

/** Whether an event comes after another one in the feed. */
export function isBehind(event: FeedEvent, place: FeedEvent | undefined): boolean {
  if (place === undefined) return true;
  return event.seq > place.seq || (event.seq === place.seq && event.index > place.index);
}

function parse(json: string): CloudEventEnvelope | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isCloudEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCloudEvent(value: unknown): value is CloudEventEnvelope {
  if (typeof value !== "object" || value === null) return false;
  const event: Readonly<Record<string, unknown>> = { ...value };
  const texts = ["specversion", "id", "source", "type", "subject", "time"];
  return texts.every((name) => typeof event[name] === "string") && typeof event["data"] === "object";
}
