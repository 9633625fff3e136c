import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { createManualClock } from "@shoal/core/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { askOf } from "../../testing/assignments.ts";
import { execProbe } from "./exec-probe.ts";
import { httpProbe } from "./http-probe.ts";
import { type Probe, probeRequest } from "./probe.ts";
import { VerdictCache, verdictLimits } from "./verdict-cache.ts";

const request = probeRequest("n-one", askOf({ jobId: "j-7", priority: 3 }));
const env = { PATH: process.env["PATH"], SHOAL_NATS_PASSWORD: "secret" };
// Longer than any program here takes on a busy machine; and short, for a program that never ends.
const [longMs, shortMs] = [30_000, 50] as const;

const run = (command: string, limitMs: number = longMs) => execProbe({ command, limitMs, env })(request);

describe("the request of a probe", () => {
  it("is the ask in the wire format, with the node", () => {
    expect(JSON.parse(request)).toMatchObject({ NodeID: "n-one", JobID: "j-7", Priority: 3, Namespace: "default" });
  });
});

describe("an exec probe", () => {
  it("accepts by exit code 0, and reads the request on stdin and in its environment", async () => {
    expect(await run("true")).toEqual({ fit: true });
    expect(await run('test "$(cat)" = "$BACALHAU_JOB_SELECTION_PROBE_DATA"')).toEqual({ fit: true });
    expect(await run("grep -q j-7")).toEqual({ fit: true });
    expect(await run("grep -q j-8")).toMatchObject({ fit: false });
  });
  it("refuses by any other exit code, with the first line of its output", async () => {
    expect(await run("echo the moon is full >&2; echo second; exit 3")).toEqual({
      fit: false,
      why: "the exec probe exited with 3: the moon is full",
      mayChange: false,
    });
    expect(await run("exit 1")).toMatchObject({ why: "the exec probe exited with 1" });
  });
  it("bounds its output, and does not pass the node's environment", async () => {
    const verdict = await run("head -c 3000000 /dev/zero | tr '\\0' x; exit 1");
    expect(verdict.fit ? 0 : verdict.why.length).toBeLessThan(600);
    expect(await run('test -z "$SHOAL_NATS_PASSWORD"')).toEqual({ fit: true });
  });
  it("gives no verdict when it does not end in time, is killed or cannot start; its children end", async () => {
    expect(await run("sleep 1000 & sleep 1000", shortMs)).toEqual({
      fit: false,
      why: "the exec probe did not end within 50 ms",
      mayChange: true,
    });
    expect(await run("kill -9 $$")).toMatchObject({ fit: false, mayChange: true });
    expect(await run("no-such-command")).toMatchObject({ fit: false, why: expect.stringContaining("exited with 127") });
  });
  it("does not wait for a child that its command leaves behind", async () => {
    expect(await run("sleep 1000 &")).toEqual({ fit: true });
  });
});

async function serve(handle: RequestListener): Promise<Probe> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return httpProbe({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/bid`, limitMs: longMs });
}

describe("an HTTP probe", () => {
  it.each<readonly [number, string, unknown]>([
    [200, "", { fit: true }],
    [200, "yes", { fit: true }],
    [200, '{"shouldBid":true}', { fit: true }],
    [204, "", { fit: true }],
    [
      200,
      '{"shouldBid":false,"reason":"too late"}',
      { fit: false, why: "the HTTP probe refuses: too late", mayChange: false },
    ],
    [200, '{"shouldBid":false}', { fit: false, why: "the HTTP probe refuses", mayChange: false }],
    [403, "not you", { fit: false, why: "the HTTP probe answered with status 403: not you", mayChange: false }],
    [503, "", { fit: false, why: "the HTTP probe answered with status 503", mayChange: true }],
  ])("answers status %i with %s", async (status, body, expected) => {
    const probe = await serve((_, response) => void response.writeHead(status).end(body));
    expect(await probe(request)).toEqual(expected);
  });
  it("posts the request as JSON", async () => {
    const probe = await serve(async (incoming, response) => {
      let body = "";
      for await (const chunk of incoming) body += String(chunk);
      const good = incoming.method === "POST" && incoming.headers["content-type"] === "application/json";
      response.writeHead(good && body === request ? 200 : 400).end();
    });
    expect(await probe(request)).toEqual({ fit: true });
  });
  it("gives no verdict when nothing answers, or not in time", async () => {
    expect(await httpProbe({ url: "http://127.0.0.1:1/", limitMs: longMs })(request)).toMatchObject({
      mayChange: true,
    });
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect(await httpProbe({ url, limitMs: shortMs })(request)).toMatchObject({ fit: false, mayChange: true });
    server.closeAllConnections();
  });
});

describe("verdicts", () => {
  const cacheOf = (probe: Probe) => {
    const clock = createManualClock();
    return { clock, cache: new VerdictCache({ probe, nodeId: "n-one", clock }) };
  };

  it("are asked for once for each job and version, for a minute", async () => {
    let asked = 0;
    const { clock, cache } = cacheOf(async () => {
      asked++;
      return { fit: true };
    });
    await cache.evaluate(askOf({ askId: "a-1" }));
    await cache.evaluate(askOf({ askId: "a-2" }));
    expect(asked).toBe(1);
    await cache.evaluate(askOf({ jobId: "j-2" }));
    await cache.evaluate(askOf({ resources: { cpuCores: 9, memoryBytes: 1, diskBytes: 0, gpus: 0 } }));
    expect(asked).toBe(3);
    await clock.advance(verdictLimits.storedMs);
    await cache.evaluate(askOf());
    expect(asked).toBe(4);
  });
  it("that a probe did not give are asked for again", async () => {
    let asked = 0;
    const { cache } = cacheOf(async () => {
      asked++;
      return { fit: false, why: "the exec probe did not end", mayChange: true };
    });
    await cache.evaluate(askOf());
    await cache.evaluate(askOf());
    expect(asked).toBe(2);
  });
  it("run in a bounded number at once, and too many are refused for now", async () => {
    const open: (() => void)[] = [];
    let most = 0;
    let running = 0;
    const { cache } = cacheOf(async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => open.push(resolve));
      running--;
      return { fit: true };
    });
    const total = verdictLimits.running + verdictLimits.waiting;
    const asks = Array.from({ length: total + 1 }, (_, index) => cache.evaluate(askOf({ jobId: `j-${index}` })));
    expect(await asks.at(-1)).toMatchObject({ fit: false, mayChange: true });
    for (let ended = 0; ended < total; ) {
      await Promise.resolve();
      const next = open.shift();
      if (next === undefined) continue;
      next();
      ended++;
    }
    await Promise.all(asks);
    expect(most).toBe(verdictLimits.running);
  });
});
