import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../../testing/api-harness.ts";
import { openSocket, upgradeHead } from "../../testing/raw-request.ts";
import { executionOf, jobIdOf, jobRef, running, steps } from "../../testing/sample-jobs.ts";
import { apiLimits } from "../limits.ts";

// A busy machine is slow.
const poll = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

// Far more than the system buffers for a connection whose other end does not read.
const lines = 300;
const lineBytes = 32 * 1024;
const lineOf = (index: number) => `${index} `.padEnd(lineBytes - 1, "x").concat("\n");

let harness: ApiHarness;
let accepted: Socket[];
beforeEach(async () => {
  harness = await apiHarness();
  await harness.api.start();
  accepted = [];
  harness.app.server.on("connection", (socket: Socket) => accepted.push(socket));
});
afterEach(async () => {
  await harness.close();
});

const id = jobIdOf(1);
const write = (from: number, to: number) => {
  for (let index = from; index < to; index++)
    harness.sim.output.write(executionOf(id), { stream: "stdout", bytes: Buffer.from(lineOf(index)) });
};
/** The bytes that the service itself buffers of sent output, over all connections. */
const heldBytes = () => accepted.reduce((sum, socket) => sum + socket.writableLength, 0);

/** A reader that accepts nothing. */
async function deafReader(query = ""): Promise<Socket> {
  const socket = openSocket(harness.api.url());
  socket.write(upgradeHead(`/api/v1/orchestrator/jobs/${id}/logs?${query}`));
  await once(socket, "readable");
  return socket;
}

/** Reads up to the last line: the numbers of all received lines. */
async function readAll(socket: Socket): Promise<readonly (string | undefined)[]> {
  const texts: string[] = [];
  for await (const piece of socket) {
    texts.push(piece.toString("latin1"));
    if (
      texts
        .slice(-2)
        .join("")
        .includes(`"Line":"${lines - 1} `)
    )
      break;
  }
  return [...texts.join("").matchAll(/"Line":"(\d+) /g)].map(([, index]) => index);
}

/** A reader that accepts everything: the received lines, and the most that was buffered meanwhile. */
async function eagerReader(query = "") {
  const socket = new WebSocket(
    `${harness.api.url().replace("http", "ws")}/api/v1/orchestrator/jobs/${id}/logs?${query}`,
  );
  const lineNumbers: string[] = [];
  let most = 0;
  let open = () => {};
  const has = new Promise<void>((resolve) => {
    open = resolve;
  });
  socket.addEventListener("message", ({ data }) => {
    lineNumbers.push(
      String(JSON.parse(String(data)).value.Line)
        .slice(0, 8)
        .trim()
        .split(" ", 1)[0] ?? "",
    );
    most = Math.max(most, heldBytes());
    open();
  });
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", ({ code }) => resolve(code)));
  return { lineNumbers, closed, has, most: () => most };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);

describe("a reader that accepts nothing", () => {
  it("makes the service buffer no more than its share, while others continue", async () => {
    await running(harness, id);
    write(0, lines);
    await harness.emit(jobRef(id), steps.completed(id), { type: "JobCompleted", v: 1, data: {} });
    const deaf = await Promise.all(Array.from({ length: 10 }, () => deafReader()));
    const { lineNumbers, closed, most } = await eagerReader();
    expect(await closed).toBe(1000);
    expect(lineNumbers).toEqual(numbers(lines));
    // One line arrives after a share that is not quite full; the system's own buffers are not the service's.
    expect(most()).toBeLessThan((deaf.length + 1) * (apiLimits.logShareBytes + 2 * lineBytes));
    for (const socket of deaf) socket.destroy();
  });
  it("gets everything, in order, once it reads", async () => {
    await running(harness, id);
    write(0, lines);
    await harness.emit(jobRef(id), steps.completed(id), { type: "JobCompleted", v: 1, data: {} });
    const deaf = await deafReader();
    const other = await eagerReader();
    await other.closed;
    expect(await readAll(deaf)).toEqual(numbers(lines));
  });
  it("of an execution that ends gets the rest of the output, however long it takes", async () => {
    await running(harness, id);
    write(0, lines);
    const deaf = await deafReader("follow=true");
    const other = await eagerReader("follow=true");
    await other.has;
    await harness.emit(jobRef(id), steps.completed(id), { type: "JobCompleted", v: 1, data: {} });
    expect(await other.closed).toBe(1000);
    await harness.pass(2 * apiLimits.logDrainMs);
    expect(await readAll(deaf)).toEqual(numbers(lines));
  });
  it("is disconnected when it has accepted nothing between two pings", async () => {
    await running(harness, id);
    write(0, lines);
    await deafReader("follow=true");
    const [socket] = accepted;
    await poll(() => heldBytes()).toBeGreaterThan(apiLimits.logShareBytes);
    await harness.pass(2 * apiLimits.feedHeartbeatMs + 1);
    await poll(() => socket?.destroyed).toBe(true);
  });
});
