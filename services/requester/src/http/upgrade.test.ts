import { afterEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";
import { rawRequest, upgradeHead } from "../testing/raw-request.ts";
import { completed, jobIdOf } from "../testing/sample-jobs.ts";

// A busy machine is slow.
const poll = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

let harness: ApiHarness;
const open = async (options: Parameters<typeof apiHarness>[0] = {}) => {
  harness = await apiHarness(options);
  await harness.api.start();
  await completed(harness, jobIdOf(1));
};
afterEach(() => harness.close());

const logs = `/api/v1/orchestrator/jobs/${jobIdOf(1)}/logs`;
const statusOf = (answer: string) => Number(answer.split(" ", 2)[1]);
const upgrade = async (target: string, ...lines: readonly string[]) =>
  rawRequest(harness.api.url(), upgradeHead(target, ...lines));
const isAlive = async () => (await fetch(`${harness.api.url()}/api/v1/agent/alive`)).status;

describe("an upgrade", () => {
  it("of a log's address is accepted", async () => {
    await open();
    expect(statusOf(await upgrade(logs))).toBe(101);
  });
  it.each(["//", "http://[", "/\\", `/${"%".repeat(8192)}`, "http://", "///////", "/\\\\x:y@["])(
    "of %j is refused, and the process continues",
    async (target) => {
      await open();
      const answer = await upgrade(target);
      expect([400, 404]).toContain(statusOf(answer));
      expect(answer).toContain('"RequestID"');
      expect(await isAlive()).toBe(200);
    },
  );
  it("of an invalid address is a bad request", async () => {
    await open();
    const answer = await upgrade("//");
    expect(statusOf(answer)).toBe(400);
    expect(answer).toContain("expected the address of a job's output");
  });
  it("of anything else is not found", async () => {
    await open();
    expect(statusOf(await upgrade("/api/v1/agent/alive"))).toBe(404);
  });
  it("counts as a request", async () => {
    await open({ requestsPerSecond: 2 });
    expect(statusOf(await upgrade(logs))).toBe(101);
    expect(await isAlive()).toBe(200);
    const answer = await upgrade(logs);
    expect([statusOf(answer), answer]).toEqual([429, expect.stringMatching(/retry-after: 1/i)]);
  });
  it.each([
    ["a foreign page", "Origin: https://evil.example", 403],
    ["a page without an origin", "Origin: null", 403],
    ["a listed page", "Origin: https://console.example", 101],
    ["a page of ours", "Origin: http://localhost", 101],
  ])("from %s (%s) is answered %i", async (_, line, status) => {
    await open({ origins: ["https://console.example"] });
    expect(statusOf(await upgrade(logs, line))).toBe(status);
  });
  it("under a foreign Host is refused", async () => {
    await open();
    expect(statusOf(await upgrade(logs, "Host: evil.example"))).toBe(403);
  });
  it("by a client that is too old is refused like its other requests", async () => {
    await open();
    const answer = await upgrade(logs, "x-bacalhau-git-version: v1.3.9");
    expect([statusOf(answer), answer]).toEqual([403, expect.stringContaining("MinVersion")]);
  });
  it("to another protocol is ignored: the request is answered as plain HTTP", async () => {
    await open();
    const answer = await upgrade("/api/v1/agent/alive", "Upgrade: h2c");
    expect([statusOf(answer), answer]).toEqual([200, expect.stringContaining('"Status":"OK"')]);
  });
  it("leaves no connection open when it is refused", async () => {
    await open();
    const { connect } = await import("node:net");
    const { port } = new URL(harness.api.url());
    const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => {}).resume();
    socket.write(upgradeHead("/nowhere"));
    const count = () => new Promise<number>((done) => harness.app.server.getConnections((_, open) => done(open)));
    await new Promise((done) => socket.once("end", done));
    await poll(count).toBe(0);
    socket.destroy();
  });
});
