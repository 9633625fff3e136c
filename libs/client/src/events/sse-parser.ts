import { ownProblem } from "../api-error.ts";

/** One server-sent event. */
export interface SseMessage {
  /** The last id that was sent, possibly with an earlier event; empty when none was. */
  readonly id: string;
  /** The event's kind; `message` when the server named none. */
  readonly event: string;
  readonly data: string;
}

/** Reads a stream of server-sent events piece by piece. */
export interface SseParser {
  /** Takes the next piece of decoded text, cut anywhere, and gives back the events that became whole with it. */
  push(text: string): readonly SseMessage[];
}

/** Characters of one event: a commit has at most 512 KiB in the log, and JSON makes at most some four of one byte. */
export const messageCharsMax = 4 * 524_288;

/** A parser at the beginning of a stream. Throws ApiError when an event grows past messageCharsMax. */
export function createSseParser(): SseParser {
  let rest = "";
  let afterReturn = false;
  let atStart = true;
  let id = "";
  let event = "";
  let data: string[] = [];

  function take(line: string): SseMessage | undefined {
    if (line === "") return dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    return undefined;
  }

  function dispatch(): SseMessage | undefined {
    const message = data.length === 0 ? undefined : { id, event: event || "message", data: data.join("\n") };
    data = [];
    event = "";
    return message;
  }

  function push(text: string): readonly SseMessage[] {
    let fresh = text;
    if (atStart && fresh !== "") {
      fresh = fresh.replace(/^\uFEFF/, "");
      atStart = false;
    }
    // The other half of a CRLF that was cut in two ends no second line.
    if (afterReturn && fresh.startsWith("\n")) fresh = fresh.slice(1);
    if (text !== "") afterReturn = text.endsWith("\r");
    const lines = (rest + fresh).split(/\r\n|\r|\n/);
    rest = lines.pop() ?? "";
    const messages = lines.map(take).filter((message) => message !== undefined);
    const waiting = data.reduce((sum, line) => sum + line.length, rest.length);
    if (waiting > messageCharsMax) {
      throw ownProblem("TOO_LARGE", `an event of more than ${messageCharsMax} characters`);
    }
    return messages;
  }

  return { push };
}
