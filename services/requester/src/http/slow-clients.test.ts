import { once } from "node:events";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";
import { openSocket } from "../testing/raw-request.ts";
import { apiLimits } from "./limits.ts";

// A busy machine is slow.
const poll = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

// Short, so that a test does not take as long as a real client may.
const patience = { headersMs: 200, requestMs: 400, lateCheckMs: 20, stillMs: 300 };
// One byte in this time prevents the idle timeout, and takes far longer than `patience` for the data sent here.
const byteMs = 10;
const restChars = 1000;

let harness: ApiHarness;
const open = async (options: Parameters<typeof apiHarness>[0] = {}) => {
  harness = await apiHarness({ patience, ...options });
  await harness.api.start();
};
afterEach(() => harness.close());

/**
 * Sends a beginning at once and the rest a byte at a time. Resolves when the server closes, with the bytes sent and the
 * response.
 */
async function dribbled(origin: string, rest: string) {
  const socket = openSocket(harness.api.url());
  socket.write(origin);
  let sent = 0;
  let answer = "";
  socket.on("data", (piece) => {
    answer += piece;
  });
  const sending = setInterval(() => socket.write(rest.charAt(sent++)), byteMs);
  await new Promise<unknown>((done) => socket.once("end", done).once("close", done));
  clearInterval(sending);
  socket.destroy();
  return { sent, answer };
}

const headers = { "content-type": "application/json" };
const put = "PUT /api/v1/orchestrator/jobs HTTP/1.1\r\nHost: localhost\r\n";

describe("a client that is deliberately slow", () => {
  it.each([
    ["a head", `${put}X-Slow: `],
    ["a first line", "GET /"],
    ["a body", `${put}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`],
    ["a body in chunks", `${put}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n{`],
  ])("is not waited for when it sends %s a byte at a time", async (_, origin) => {
    await open();
    const { sent, answer } = await dribbled(origin, "x".repeat(restChars));
    expect(sent).toBeLessThan(restChars);
    // Bytes that cross the response on its way break the connection, and the response is lost.
    expect(answer).toMatch(/^HTTP\/1\.1 408 |^$/);
  });
  it("is not waited for when it sends nothing", async () => {
    await open();
    const socket = openSocket(harness.api.url());
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 |^$/);
    socket.destroy();
  });
  it("is not waited for when it does not read its response, whose source is released", async () => {
    let cancelled = () => {};
    const released = new Promise<void>((resolve) => {
      cancelled = resolve;
    });
    const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: () => cancelled(),
    });
    await open({ results: { open: async () => ({ sizeBytes: 2 ** 40, bytes: endless }) } });
    const accepted = once(harness.app.server, "connection");
    const socket = openSocket(harness.api.url());
    socket.write("GET /api/v1/orchestrator/results/n-1/x.tar.gz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const [ours]: Socket[] = await accepted;
    await released;
    await poll(() => ours?.destroyed).toBe(true);
    socket.destroy();
  });
});

describe("concurrent bodies above the limit", () => {
  const largest = `${put}Content-Type: application/json\r\nContent-Length: ${apiLimits.bodyBytes}\r\n\r\n`;
  it.each([
    ["a length", largest],
    ["chunks", `${put}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`],
  ])("are refused, announced by %s, until others are received or closed", async (_, head) => {
    await open({ patience: apiLimits });
    const most = Math.floor(apiLimits.bodiesBytes / apiLimits.bodyBytes);
    let count = 0;
    harness.app.server.on("request", () => {
      count += 1;
    });
    const slow = Array.from({ length: most }, () => openSocket(harness.api.url()));
    for (const socket of slow) socket.write(head);
    await poll(() => count).toBe(most);
    const refused = openSocket(harness.api.url());
    refused.write(head);
    const [answer] = await once(refused, "data");
    expect(String(answer)).toMatch(/^HTTP\/1\.1 429 /);
    refused.destroy();
    const alive = await fetch(`${harness.api.url()}/api/v1/agent/alive`);
    expect(alive.status).toBe(200);
    slow[0]?.destroy();
    const body = JSON.stringify({ Job: { Type: "odd" } }).padEnd(apiLimits.bodyBytes);
    const submit = () => fetch(`${harness.api.url()}/api/v1/orchestrator/jobs`, { method: "PUT", body, headers });
    await poll(async () => (await submit()).status).toBe(400);
    for (const socket of slow) socket.destroy();
  });
});
describe("connections above the limit", () => {
  it("are closed at once, the others are served, and a new one is accepted when one leaves", async () => {
    const connectionsMax = 20;
    await open({ connectionsMax, patience: { ...patience, headersMs: 60_000, requestMs: 60_000, stillMs: 60_000 } });
    const idle = Array.from({ length: connectionsMax }, () => openSocket(harness.api.url()));
    const count = () => new Promise<number>((done) => harness.app.server.getConnections((_, open) => done(open)));
    await poll(count).toBe(connectionsMax);
    const turnedAway = openSocket(harness.api.url());
    expect(await text(turnedAway).catch(() => "")).toBe("");
    const [one, other] = idle;
    one?.write("GET /api/v1/agent/alive HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect(one && (await text(one))).toMatch(/^HTTP\/1\.1 200 /);
    one?.destroy();
    other?.destroy();
    await poll(count).toBe(connectionsMax - 2);
    expect((await fetch(`${harness.api.url()}/api/v1/agent/alive`)).status).toBe(200);
    for (const socket of idle) socket.destroy();
  });
});
