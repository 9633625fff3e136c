import { createPrng, type Prng } from "@shoal/core/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";
import { openSocket } from "../testing/raw-request.ts";
import { completed, executionOf, jobIdOf, running } from "../testing/sample-jobs.ts";

// A few seconds' worth: each batch runs concurrently, and the API must answer a plain request after each.
const batches = 24;
const casesOfBatch = 50;

let harness: ApiHarness;
const escaped: unknown[] = [];
const onEscape = (failure: unknown) => void escaped.push(failure);
beforeEach(async () => {
  escaped.length = 0;
  process.on("uncaughtExceptionMonitor", onEscape);
  harness = await apiHarness();
  await harness.api.start();
  await completed(harness, jobIdOf(1));
  await running(harness, jobIdOf(2));
  for (const id of [1, 2]) {
    harness.sim.output.write(executionOf(jobIdOf(id)), {
      stream: "stdout",
      bytes: Buffer.from("out\n\u0000\ud800\nput"),
    });
  }
});
afterEach(async () => {
  await harness.close();
  process.off("uncaughtExceptionMonitor", onEscape);
});

const root = "/api/v1/orchestrator";
const logsOf = (id: string) => `${root}/jobs/${id}/logs`;
const spec = '{"Job":{"Type":"batch","Count":1,"Labels":{"a":"b"},"Tasks":[{"Name":"m","Engine":{"Type":"noop"}}]}}';
const words = [
  "GET",
  "PUT",
  "POST",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "PATCH",
  "TRACE",
  "CONNECT",
  "PRI",
  "get",
  "\u0000",
] as const;
const targets = [
  ...[
    "//",
    "/",
    "*",
    "http://[",
    "/\\",
    "///@",
    "?",
    "/%",
    "/%00",
    "/%ff",
    "/..",
    "/../..",
    `/${"%".repeat(9000)}`,
    "http://x/",
  ],
  ...["/api/v1/agent/alive", "/api/v1/agent/node", `${root}/jobs`, `${root}/nodes`, `${root}/jobs/${jobIdOf(1)}`],
  ...[
    `${root}/events`,
    `${root}/events?after=0`,
    `${root}/events?after=9e9&types=x`,
    `${root}/results/n/x.tar.gz`,
    "/api/v1/auth/ClientKey",
  ],
  ...["", "?follow=true", "?tail=1&follow=1", "?follow=%ff", "?execution_id=%00"].map(
    (query) => logsOf(jobIdOf(2)) + query,
  ),
  ...[logsOf(jobIdOf(1)), logsOf("%ff"), logsOf("a/b"), logsOf("*"), `${root}/jobs//logs`],
] as const;
const headers = [
  ...[
    "Host: localhost",
    "Host:",
    "Host: [",
    "Host: evil.example",
    "Host: a\tb",
    "Origin: null",
    "Origin: http://[",
    "Origin: http://localhost",
  ],
  ...[
    "Connection: Upgrade",
    "Connection: close",
    "Connection: keep-alive, upgrade",
    "Upgrade: websocket",
    "Upgrade: h2c",
    "Upgrade: , ,",
  ],
  ...[
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Key: x",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Version: 99",
  ],
  ...[
    "Sec-WebSocket-Protocol: a, a",
    "Sec-WebSocket-Extensions: permessage-deflate; x=1; x",
    "Expect: 100-continue",
    "Expect: x",
  ],
  ...[
    "Content-Type: application/json",
    "Content-Type: text/plain",
    "Content-Type: ;",
    "Content-Encoding: gzip",
    "Content-Length: 5",
  ],
  ...[
    "Content-Length: -1",
    "Content-Length: 99999999999",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
  ],
  ...[
    "Last-Event-ID: 1.0",
    "Last-Event-ID: \u00ff",
    "X-Bacalhau-Git-Version: v1.0.0",
    "X-Bacalhau-Git-Version: {",
    ": x",
    "a b: c",
    "__proto__: x",
  ],
] as const;

const noise = (prng: Prng, most: number) =>
  Buffer.from(Array.from({ length: prng.between(0, most) }, () => prng.between(0, 255)));

/** Changes, repeats or cuts a few bytes. */
function spoiled(prng: Prng, bytes: Buffer): Buffer {
  const at = prng.between(0, bytes.length);
  const rest = bytes.subarray(at);
  return prng.pick([
    () => Buffer.concat([bytes.subarray(0, at), noise(prng, 8), rest.subarray(1)]),
    () => Buffer.concat([bytes, rest]),
    () => bytes.subarray(0, at),
    () => bytes,
  ] as const)();
}

/** A frame of a WebSocket (RFC 6455, 5.2), valid or not. */
function frame(prng: Prng): Buffer {
  const body = noise(prng, 200);
  const first = prng.between(0, 255);
  const mask = prng.happens(0.8) ? 0x80 : 0;
  const length = prng.pick([
    () => Buffer.from([first, mask | Math.min(body.length, 125)]),
    () => Buffer.from([first, mask | 126, prng.between(0, 255), body.length]),
    () => Buffer.from([first, mask | 127, prng.pick([0, 0x7f, 0xff]), 0, 0, 0, 0, 0, 0, body.length]),
  ] as const)();
  return Buffer.concat([length, mask === 0 ? Buffer.alloc(0) : Buffer.from([0, 0, 0, 0]), body]);
}

const socketDefaults = ["Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];

function someRequest(prng: Prng): Buffer {
  const isSocket = prng.happens(0.5);
  const few = Array.from({ length: prng.between(0, 6) }, () => prng.pick(headers));
  const body = prng.happens(0.5) ? spoiled(prng, Buffer.from(spec)) : Buffer.alloc(0);
  const lines = isSocket
    ? [...socketDefaults, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", ...few.slice(0, 2)]
    : [
        "Host: localhost",
        ...few,
        ...(body.length > 0 ? ["Content-Type: application/json", `Content-Length: ${body.length}`] : []),
      ];
  const method = isSocket && prng.happens(0.9) ? "GET" : prng.pick(words);
  const version = prng.happens(0.9) ? "1.1" : prng.pick(["1.0", "0.9", "2.0", "x"]);
  const target = isSocket && prng.happens(0.5) ? logsOf(jobIdOf(prng.between(1, 2))) : prng.pick(targets);
  const head = Buffer.from(`${[`${method} ${target} HTTP/${version}`, ...lines].join("\r\n")}\r\n\r\n`, "latin1");
  const frames = isSocket ? Array.from({ length: prng.between(0, 4) }, () => frame(prng)) : [];
  const whole = Buffer.concat([head, body, ...frames]);
  return prng.happens(0.3) ? spoiled(prng, whole) : whole;
}

/**
 * Sends one request in some pieces, reads or does not, and ends cleanly or not; resolves once the connection is closed.
 */
function send(prng: Prng): Promise<void> {
  const bytes = someRequest(prng);
  const cut = prng.between(0, bytes.length);
  const breaksOff = prng.happens(0.2);
  const socket = openSocket(harness.api.url());
  const gone = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.write(bytes.subarray(0, cut), () => {
    socket.write(bytes.subarray(cut), () => (breaksOff ? socket.resetAndDestroy() : socket.end()));
  });
  socket.resume();
  return gone;
}

it.each(["1", "2"])("survives any input (seed %s)", async (seed) => {
  const prng = createPrng(seed);
  for (let batch = 0; batch < batches; batch++) {
    await Promise.all(Array.from({ length: casesOfBatch }, () => send(prng)));
    const response = await fetch(`${harness.api.url()}/api/v1/agent/alive`);
    expect([response.status, await response.json(), escaped]).toEqual([200, { Status: "OK" }, []]);
  }
  expect(harness.warnings).toEqual([]);
});
