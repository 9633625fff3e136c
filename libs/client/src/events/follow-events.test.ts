import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api-error.ts";
import { createClient } from "../client.ts";
import { reconnect } from "./follow-events.ts";

const sse = (...ids: readonly string[]): string =>
  ids
    .map((id) => {
      const event = {
        ...{ specversion: "1.0", id, source: "/requesters/r", type: "shoal.JobQueued", subject: "jobs/default/j-1" },
        ...{ time: "2026-01-01T00:00:00Z", data: {} },
      };
      return `id: ${id}\ndata: ${JSON.stringify(event)}\n\n`;
    })
    .join("");

type Ending = "ends" | "breaks" | "stays open";

/** An answer of the feed with these events, and what its connection does after them. */
function feed(ending: Ending, ...ids: readonly string[]): () => Response {
  return () => {
    let isSent = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (!isSent) controller.enqueue(new TextEncoder().encode(sse(...ids)));
        else if (ending === "breaks") controller.error(new TypeError("terminated"));
        else if (ending === "ends") controller.close();
        isSent = true;
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}

/** A feed that sends a comment after each pause, and then an event. */
function beating(beats: number, everyMs: number, id: string): () => Response {
  return () => {
    let left = beats;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, everyMs));
        controller.enqueue(new TextEncoder().encode(left-- > 0 ? ": alive\n\n" : sse(id)));
      },
    });
    return new Response(body);
  };
}

const refusal = (status: number) => () => Response.json({ Code: "Any", Message: `status ${status}` }, { status });
const noAnswer = (): Response => {
  throw new TypeError("fetch failed");
};

interface Asked {
  readonly host: string;
  readonly accept: string | null;
  readonly after: string | null;
  readonly lastEventId: string | null;
}

/** A client of requesters that give these answers in turn, and the last one repeatedly. */
function clientOf(...answers: readonly (() => Response)[]) {
  const asked: Asked[] = [];
  const client = createClient({
    endpoints: ["http://a:1", "http://b:2"],
    fetch: async (url, { headers }) => {
      const { host, searchParams } = new URL(url);
      const header = (name: string) => new Headers(headers).get(name);
      asked.push({
        host,
        accept: header("accept"),
        after: searchParams.get("after"),
        lastEventId: header("last-event-id"),
      });
      return (answers[asked.length - 1] ?? answers.at(-1) ?? noAnswer)();
    },
  });
  return { client, asked };
}

/** The ids of the first events, up to this count; time passes as fast as timers are set. */
async function firstIds(client: ReturnType<typeof createClient>, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  const reading = (async () => {
    for await (const { id } of client.events({ after: 0 })) if (ids.push(id) === count) return;
  })();
  let isDone = false;
  const done = () => {
    isDone = true;
  };
  reading.then(done, done);
  // A break waits for reconnect.lastMs at most.
  while (!isDone) await vi.advanceTimersByTimeAsync(reconnect.lastMs);
  await reading;
  return ids;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the event feed", () => {
  it.each(["breaks", "ends"] as const)("resumes after the last event when its connection %s", async (ending) => {
    const { client, asked } = clientOf(feed(ending, "3.0", "3.1"), feed("stays open", "3.1", "4.0"));
    expect(await firstIds(client, 3)).toEqual(["3.0", "3.1", "4.0"]);
    expect(asked.map(({ after, lastEventId }) => [after, lastEventId])).toEqual([
      ["0", null],
      ["0", "3.1"],
    ]);
    expect(asked.map(({ accept }) => accept)).toEqual(["text/event-stream", "text/event-stream"]);
  });

  it("yields each event once, in the order of the log", async () => {
    const { client } = clientOf(feed("breaks", "3.0", "3.1", "5.0"), feed("stays open", "3.1", "4.7", "5.0", "5.1"));
    expect(await firstIds(client, 4)).toEqual(["3.0", "3.1", "5.0", "5.1"]);
  });

  it("continues at another requester when one does not answer, and after an overload or a failure", async () => {
    const failing = [refusal(429), refusal(500)];
    const { client, asked } = clientOf(feed("breaks", "3.0"), noAnswer, ...failing, feed("stays open", "4.0"));
    expect(await firstIds(client, 2)).toEqual(["3.0", "4.0"]);
    expect(asked.map(({ host }) => host)).toEqual(["a:1", "a:1", "b:2", "a:1", "a:1"]);
  });

  it("reconnects when no heartbeat of the requester arrives", async () => {
    const { client, asked } = clientOf(feed("stays open", "3.0"), feed("stays open", "4.0"));
    const startedAt = Date.now();
    expect(await firstIds(client, 2)).toEqual(["3.0", "4.0"]);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(reconnect.silentMs);
    expect(asked).toHaveLength(2);
  });

  it.each([400, 403, 404, 409])("ends with a refusal of status %i, without asking again", async (status) => {
    const { client, asked } = clientOf(refusal(status));
    await expect(firstIds(client, 1)).rejects.toMatchObject({ status });
    expect(asked).toHaveLength(1);
  });

  it("fails after reconnect.roundsMax rounds without data, and resets the count when data arrives", async () => {
    const { client, asked } = clientOf(...Array.from({ length: 10 }, () => noAnswer), feed("breaks", "3.0"), noAnswer);
    await expect(firstIds(client, 2)).rejects.toBeInstanceOf(ApiError);
    // Each round tries both requesters; the first one answered the sixth. After it, one more round than the limit fails.
    expect(asked).toHaveLength(5 * 2 + 1 + (reconnect.roundsMax + 1) * 2);
  });

  it("ends without an error when its signal fires, also during a pause", async () => {
    const { client, asked } = clientOf(noAnswer);
    const stop = new AbortController();
    const reading = client.events({ signal: stop.signal }).next();
    await vi.advanceTimersByTimeAsync(0);
    stop.abort();
    expect(await reading).toEqual({ done: true, value: undefined });
    expect(asked).toHaveLength(2);
  });

  it("keeps a connection that stays quiet for less than the limit", async () => {
    const { client, asked } = clientOf(beating(5, reconnect.silentMs - 1_000, "3.0"));
    expect(await firstIds(client, 1)).toEqual(["3.0"]);
    expect(asked).toHaveLength(1);
  });

  it("closes its connection and leaves no timer when its reader stops", async () => {
    const cancelled: unknown[] = [];
    const body = () =>
      new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode(sse("3.0"))),
        cancel: (reason) => void cancelled.push(reason),
      });
    const { client } = clientOf(() => new Response(body()));
    for await (const { id } of client.events()) {
      expect(id).toBe("3.0");
      break;
    }
    expect([cancelled.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it("leaves no timer when its signal fires during a pause", async () => {
    const { client } = clientOf(noAnswer);
    const stop = new AbortController();
    const reading = client.events({ signal: stop.signal }).next();
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(1);
    stop.abort();
    await reading;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends without an error when its signal fires while a requester refuses", async () => {
    const stop = new AbortController();
    const { client } = clientOf(() => {
      stop.abort();
      return refusal(404)();
    });
    expect(await client.events({ signal: stop.signal }).next()).toEqual({ done: true, value: undefined });
  });

  it("doubles its pauses, with jitter, up to the longest", async () => {
    const times: number[] = [];
    const { client } = clientOf(() => {
      times.push(Date.now());
      return refusal(500)();
    });
    await expect(firstIds(client, 1)).rejects.toMatchObject({ status: 500 });
    const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(pauses).toHaveLength(reconnect.roundsMax);
    for (const [index, pause] of pauses.entries()) {
      const longest = Math.min(reconnect.lastMs, reconnect.firstMs * 2 ** (index + 1));
      expect(pause).toBeGreaterThanOrEqual(Math.floor(longest / 2));
      expect(pause).toBeLessThanOrEqual(longest);
    }
  });

  it("fails when connections keep closing without data", async () => {
    const { client, asked } = clientOf(() => new Response(null));
    await expect(firstIds(client, 1)).rejects.toMatchObject({
      ...{ status: 0, code: "NetworkFailure", message: expect.stringContaining("keeps closing") },
    });
    expect(asked).toHaveLength(reconnect.roundsMax + 1);
  });
});
