import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { createHandClock } from "@shoal/core/testing";
import { heard } from "@shoal/core/testing/contracts";
import { afterEach, describe, expect, it } from "vitest";
import { type LineAddress, openLine } from "./line.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const greeting = 'INFO {"server_id":"fake"}\r\n';

/** A server that speaks as it is told to: it answers each line that it hears. */
async function fakeServer(answer: (line: string, socket: Socket) => void, first = greeting) {
  const lines = heard<string>();
  const server = createServer((socket) => {
    let held = "";
    socket.on("error", () => socket.destroy());
    socket.on("data", (piece) => {
      const all = (held + piece.toString()).split("\r\n");
      held = all.pop() ?? "";
      for (const line of all) {
        lines.tell(line);
        answer(line, socket);
      }
    });
    closers.push(() => socket.destroy());
    // In two pieces, as a network may hand it over.
    socket.write(first.slice(0, 4));
    setImmediate(() => socket.write(first.slice(4)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  const place = server.address();
  if (place === null || typeof place === "string") throw new Error("the server has no port");
  return { lines, server: `127.0.0.1:${place.port}` };
}

const pongs = (line: string, socket: Socket) => void (line === "PING" && socket.write("PONG\r\n"));

const address = (server: string, more: Partial<LineAddress> = {}): LineAddress => ({
  server,
  tlsName: "",
  credentials: {},
  name: "test",
  clock: createHandClock(),
  ...more,
});

/** An ear that keeps what it is told. */
function listening() {
  const bodies = heard<string>();
  const breaks = heard<string>();
  const ear = {
    heard: ({ buffer, bodyFrom, bodyTo }: { buffer: Buffer; bodyFrom: number; bodyTo: number }) =>
      bodies.tell(buffer.toString("utf8", bodyFrom, bodyTo)),
    broke: breaks.tell,
  };
  return { bodies, breaks, ear };
}

describe("a line", () => {
  it("says who we are, subscribes, and hears what comes then", async () => {
    const { lines, server } = await fakeServer((line, socket) => {
      pongs(line, socket);
      if (line.startsWith("PUB")) socket.write("MSG inbox 1 2\r\nhi\r\n");
    });
    const { bodies, ear } = listening();
    const credentials = { user: "me", pass: "secret" };
    const line = await openLine(address(server, { credentials }), "inbox", ear);
    line.publish("say", { reply: "inbox", text: "größe" });
    expect(await bodies.atLeast(1)).toEqual(["hi"]);
    const [connect = "", ...rest] = lines.all;
    expect(JSON.parse(connect.slice("CONNECT ".length))).toMatchObject({ user: "me", pass: "secret", headers: true });
    expect(rest).toEqual(["SUB inbox 1", "PING", "PUB say inbox 7", "größe"]);
    line.close();
  });

  it("answers the server's pings", async () => {
    const { lines, server } = await fakeServer((line, socket) => {
      pongs(line, socket);
      if (line === "PING") socket.write("PING\r\n");
    });
    const line = await openLine(address(server), "inbox", listening().ear);
    expect(await lines.first((said) => said === "PONG")).toBe("PONG");
    line.close();
  });

  it.each([
    ["refuses the user", "-ERR 'Authorization Violation'\r\n", "Authorization Violation"],
    ["speaks another language", "HTTP/1.1 400 Bad Request\r\nMSG a\r\n\r\n", "wanted what a NATS server says"],
  ])("is not opened when the server %s", async (_, answer, why) => {
    const { server } = await fakeServer((line, socket) => void (line === "PING" && socket.write(answer)));
    const { breaks, ear } = listening();
    await expect(openLine(address(server), "inbox", ear)).rejects.toThrow(why);
    expect(breaks.all).toEqual([]);
  });

  it.each([
    ["HTTP/1.1 200 OK\r\n", "wanted the greeting of a NATS server"],
    ["INFO no json\r\n", "JSON"],
  ])("is not opened when the server greets with %j", async (first, why) => {
    const { server } = await fakeServer(pongs, first);
    await expect(openLine(address(server), "inbox", listening().ear)).rejects.toThrow(why);
  });

  it("is not opened when the server hangs up", async () => {
    const { server } = await fakeServer((_, socket) => void socket.destroy());
    await expect(openLine(address(server), "inbox", listening().ear)).rejects.toThrow();
  });

  it("is not opened when the server says nothing in time", async () => {
    const clock = createHandClock();
    const { lines, server } = await fakeServer(() => undefined);
    const opening = openLine(address(server, { clock }), "inbox", listening().ear);
    const refused = expect(opening).rejects.toThrow(`${server} did not let us in within 5000 ms`);
    await lines.first((line) => line === "PING");
    await clock.advance(5_000);
    await refused;
  });

  it.each([
    ["hangs up", (socket: Socket) => void socket.destroy(), "closed"],
    ["complains", (socket: Socket) => void socket.write("-ERR 'Slow Consumer'\r\n"), "'Slow Consumer'"],
    ["talks nonsense", (socket: Socket) => void socket.write("MSG a b c d\r\n"), "wanted what a NATS server says"],
  ])("tells once when the server %s", async (_, then, why) => {
    const { server } = await fakeServer((line, socket) => {
      pongs(line, socket);
      if (line.startsWith("PUB")) then(socket);
    });
    const { breaks, ear } = listening();
    const line = await openLine(address(server), "inbox", ear);
    line.publish("now", { reply: "inbox", text: "" });
    expect((await breaks.atLeast(1)).join()).toContain(why);
    line.close();
    expect(breaks.all).toHaveLength(1);
  });

  it("tells nothing once it is closed", async () => {
    const { server } = await fakeServer((line, socket) => {
      pongs(line, socket);
      if (line.startsWith("PUB")) socket.write("MSG inbox 1 2\r\nhi\r\nMSG inbox 1 2\r\nho\r\n");
    });
    const { bodies, breaks, ear } = listening();
    const line = await openLine(address(server), "inbox", {
      ...ear,
      heard(frame) {
        ear.heard(frame);
        line.close();
      },
    });
    line.publish("now", { reply: "inbox", text: "" });
    expect(await bodies.atLeast(1)).toEqual(["hi"]);
    expect(breaks.all).toEqual([]);
  });
});
