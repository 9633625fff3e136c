import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { openSocket, upgradeHead } from "../../testing/raw-request.ts";
import { createByteBudget } from "../byte-budget.ts";
import { apiLimits } from "../limits.ts";
import { createLogOutlet } from "./log-outlet.ts";

// A busy machine is slow.
const poll = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

// More than the system buffers for a connection whose other end does not read.
const frame = "x".repeat(32 * 1024 * 1024);
const budgetBytes = 64 * 1024 * 1024;

let server: WebSocketServer;
let socket: WebSocket;
let reader: ReturnType<typeof openSocket>;
beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await once(server, "listening");
  const opened = once(server, "connection");
  reader = openSocket(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  reader.write(upgradeHead("/"));
  [socket] = await opened;
  socket.on("error", () => {});
});
afterEach(() => {
  socket.terminate();
  reader.destroy();
  server.close();
});

describe("the outlet of a socket whose reader accepts nothing", () => {
  it("has no room above its share, until the reader accepts it", async () => {
    const outlet = createLogOutlet(socket, createByteBudget(budgetBytes), () => {});
    expect(outlet.room()).toBeUndefined();
    outlet.send(frame);
    const room = outlet.room();
    expect(room).toBeInstanceOf(Promise);
    reader.resume();
    await room;
    expect(outlet.room()).toBeUndefined();
  });
  it("has no room while all sockets together have none", async () => {
    const budget = createByteBudget(budgetBytes);
    const outlet = createLogOutlet(socket, budget, () => {});
    budget.take(budgetBytes);
    const room = outlet.room();
    expect(room).toBeInstanceOf(Promise);
    budget.give(1);
    await room;
  });
  it("ends it when neither its share nor the budget has room for the next frame", async () => {
    const outlet = createLogOutlet(socket, createByteBudget(budgetBytes), () => {});
    outlet.send(frame);
    outlet.send(frame.slice(apiLimits.logShareBytes));
    expect(socket.readyState).toBe(socket.OPEN);
    const closed = once(socket, "close");
    outlet.send(frame);
    await closed;
  });
  it("waits for nothing and releases its bytes once the socket is gone", async () => {
    const budget = createByteBudget(budgetBytes);
    const outlet = createLogOutlet(socket, budget, () => {});
    outlet.send(frame);
    const room = outlet.room();
    reader.destroy();
    await room;
    expect(outlet.room()).toBeUndefined();
    await poll(() => budget.isFullWith(budgetBytes)).toBe(false);
  });
});
