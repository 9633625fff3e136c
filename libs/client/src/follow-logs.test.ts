import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createClient } from "./client.ts";
import { type LogLine, type LogsOptions, waitingMax } from "./logs.ts";

/** The platform's socket, driven by the test. */
class FakeSocket extends EventTarget {
  static readonly made: FakeSocket[] = [];
  readonly url: string;
  isClosed = false;

  constructor(url: string) {
    super();
    this.url = url;
    FakeSocket.made.push(this);
  }

  close(): void {
    this.isClosed = true;
  }

  open(): void {
    this.dispatchEvent(new Event("open"));
  }

  line(Type: number, Line: string): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify({ value: { Type, Line } }) }));
  }

  end(code: number, reason = ""): void {
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  }
}

beforeEach(() => {
  FakeSocket.made.length = 0;
  vi.stubGlobal("WebSocket", FakeSocket);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const socket = (index = 0): FakeSocket => FakeSocket.made[index] ?? expect.unreachable();
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Reads output to its end; returns how it ended, and the lines. */
function reading(options: LogsOptions = {}, endpoints = ["http://a:1", "https://b:2"]) {
  const lines: LogLine[] = [];
  const read = async () => {
    for await (const line of createClient({ endpoints }).logs("j/1", options)) lines.push(line);
  };
  return { lines, end: read() };
}

describe("the output of a job", () => {
  it("is read over a WebSocket, in order, to its end", async () => {
    const { lines, end } = reading({ namespace: "ns", executionId: "e-1", follow: true, tail: true });
    const query = "namespace=ns&execution_id=e-1&follow=true&tail=true";
    expect(socket().url).toBe(`ws://a:1/api/v1/orchestrator/jobs/j%2F1/logs?${query}`);
    socket().line(1, "before it is open\n");
    socket().open();
    await turn();
    socket().line(2, "a warning");
    socket().line(1, "the end\n");
    socket().end(1000);
    await end;
    expect(lines).toEqual([
      { stream: "stdout", text: "before it is open\n" },
      { stream: "stderr", text: "a warning" },
      { stream: "stdout", text: "the end\n" },
    ]);
    expect(FakeSocket.made).toHaveLength(1);
    expect(socket().isClosed).toBe(true);
  });

  it("comes from the next requester when one does not answer", async () => {
    const { lines, end } = reading();
    socket().end(1006);
    await turn();
    expect(socket(1).url).toMatch(/^wss:\/\/b:2\//);
    socket(1).open();
    socket(1).line(1, "x");
    socket(1).end(1000);
    await end;
    expect(lines).toHaveLength(1);
  });

  it("fails with the reason of each requester when none answers", async () => {
    const { end } = reading();
    const refused = expect(end).rejects.toMatchObject({
      code: "NetworkFailure",
      message: expect.stringMatching(/http:\/\/a:1: no WebSocket connection; https:\/\/b:2: no WebSocket connection/),
    });
    socket().end(1006);
    await turn();
    socket(1).end(1006);
    await refused;
  });

  it("ends with an error when the stream is interrupted, after the output received so far", async () => {
    const { lines, end } = reading();
    const refused = expect(end).rejects.toMatchObject({
      message: expect.stringContaining("the log stream was interrupted (1006 gone)"),
    });
    socket().open();
    socket().line(1, "x");
    await turn();
    socket().end(1006, "gone");
    await refused;
    expect(lines).toHaveLength(1);
  });

  it("ends with the requester's error message", async () => {
    const { end } = reading();
    const refused = expect(end).rejects.toMatchObject({ message: "no executions" });
    socket().open();
    socket().dispatchEvent(new MessageEvent("message", { data: '{"error":"no executions"}' }));
    await refused;
    expect(socket().isClosed).toBe(true);
  });

  it("ends without an error when the signal fires, before it is open and after", async () => {
    const stop = new AbortController();
    const early = reading({ signal: stop.signal });
    const late = reading({ signal: stop.signal });
    socket(1).open();
    await turn();
    stop.abort();
    await Promise.all([early.end, late.end]);
    expect([socket(0).isClosed, socket(1).isClosed]).toEqual([true, true]);
    expect([early.lines, late.lines]).toEqual([[], []]);
  });

  it("is not requested after the signal has fired", async () => {
    const { lines, end } = reading({ signal: AbortSignal.abort() });
    await end;
    expect([lines, FakeSocket.made]).toEqual([[], []]);
  });

  it("ends without an error when the signal fires before the last requester answers", async () => {
    const stop = new AbortController();
    const { lines, end } = reading({ signal: stop.signal }, ["http://a:1"]);
    stop.abort();
    await end;
    expect([lines, socket().isClosed]).toEqual([[], true]);
  });

  it("ends at the signal, with what was received before", async () => {
    const stop = new AbortController();
    const { lines, end } = reading({ signal: stop.signal });
    socket().open();
    socket().line(1, "before");
    stop.abort();
    socket().line(1, "after");
    await end;
    expect(lines.map(({ text }) => text)).toEqual(["before"]);
  });

  it("is requested first where it was answered last", async () => {
    const client = createClient({ endpoints: ["http://a:1", "http://b:2"] });
    const first = client.logs("j-1").next();
    socket().end(1006);
    await turn();
    socket(1).open();
    socket(1).end(1000);
    await first;
    const second = client.logs("j-1").next();
    expect(socket(2).url).toMatch(/^ws:\/\/b:2\//);
    socket(2).open();
    socket(2).end(1000);
    await second;
  });

  it("fails when a slow reader exceeds the buffer limit, after what is buffered", async () => {
    const { lines, end } = reading();
    const refused = expect(end).rejects.toMatchObject({
      ...{ code: "ResourceExhausted", message: expect.stringContaining(`more than ${waitingMax} pieces`) },
    });
    for (let line = 0; line <= waitingMax; line++) socket().line(1, "x");
    expect(socket().isClosed).toBe(true);
    socket().open();
    await refused;
    expect(lines).toHaveLength(waitingMax);
  });
});
