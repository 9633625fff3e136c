import { once } from "node:events";
import { createServer } from "node:http";
import type { HealthCheck } from "@shoal/nats";
import { afterEach, describe, expect, it } from "vitest";
import { createHealthServer } from "./health-server.ts";

const well: HealthCheck = { name: "nats", ok: true, reason: "connected" };
const bad: HealthCheck = { name: "data disk", ok: false, reason: "3 MiB free" };

describe("a node's health", () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function serve(checks: () => readonly HealthCheck[], alive = true): Promise<string> {
    let url = "";
    const health = { alive: () => alive, checks, open: () => {}, beat: () => {} };
    const server = createHealthServer({ listen: "127.0.0.1:0", health, onListening: (at) => (url = at) });
    closers.push(() => server.stop());
    await server.start();
    return url;
  }

  it("is ready when every check passes, and names the failed ones", async () => {
    let checks = [well];
    const url = await serve(() => checks);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    checks = [well, bad];
    const answer = await fetch(`${url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      Ready: false,
      Checks: [
        { Name: "nats", Ok: true, Warning: false, Reason: "connected" },
        { Name: "data disk", Ok: false, Warning: false, Reason: "3 MiB free" },
      ],
    });
  });
  it("reports a hanging process, and answers 404 for other paths", async () => {
    const url = await serve(() => [well], false);
    expect((await fetch(`${url}/healthz`)).status).toBe(503);
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/readyz`, { method: "POST" })).status).toBe(404);
  });
  it("cannot listen on a port that another process uses", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const listen = `127.0.0.1:${Object(other.address()).port}`;
    const health = { alive: () => true, checks: () => [], open: () => {}, beat: () => {} };
    const server = createHealthServer({ listen, health, onListening: () => {} });
    await expect(server.start()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    other.close();
  });
});
