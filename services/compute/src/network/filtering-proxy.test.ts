import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestOptions, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import type { Resolve } from "./address-guard.ts";
import { filteringProxy, type ProxyOptions } from "./filtering-proxy.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** A website on loopback that answers with what it has received. */
const site = () =>
  listening(
    createServer((incoming, response) => {
      void text(incoming).then((body) => {
        const { method, url, headers } = incoming;
        response.setHeader("x-answer", "yes").end(JSON.stringify({ method, url, headers, body }));
      });
    }),
  );

const resolveTo =
  (table: Readonly<Record<string, string>>): Resolve =>
  (hostname, _, callback) => {
    const address = table[hostname];
    if (address === undefined)
      callback(Object.assign(new Error(`no such host: ${hostname}`), { code: "ENOTFOUND" }), []);
    else callback(null, [{ address, family: 4 }]);
  };

const onLoopback = { loopback: true, linkLocal: false };
const proxy = (options: Partial<ProxyOptions> = {}) =>
  listening(filteringProxy({ jobId: "j-1", domains: ["127.0.0.1"], reach: onLoopback, ...options }));

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

async function ask(
  port: number,
  path: string,
  more: RequestOptions & { readonly body?: string } = {},
): Promise<Answer> {
  const sent = request({ host: "127.0.0.1", port, path, ...more });
  sent.end(more.body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await text(answer), headers: answer.headers };
}

/** What comes back for raw bytes, until the proxy closes the connection. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}

describe("the filtering proxy", () => {
  it("forwards a request to an allowed host, with the job's id and the target's host", async () => {
    const [upstream, port] = [await site(), await proxy()];
    const headers = { host: "other.example", "proxy-authorization": "secret", connection: "x-hop", "x-hop": "1" };
    const path = `http://127.0.0.1:${upstream}/a?b=c`;
    const answer = await ask(port, path, { method: "POST", headers, body: "text" });
    expect(answer).toMatchObject({ status: 200, headers: { "x-answer": "yes" } });
    const seen = JSON.parse(answer.body);
    expect(seen).toMatchObject({ method: "POST", url: "/a?b=c", body: "text" });
    expect(seen.headers).toMatchObject({ host: `127.0.0.1:${upstream}`, "x-bacalhau-job-id": "j-1" });
    expect(Object.keys(seen.headers)).not.toContain("proxy-authorization");
    expect(Object.keys(seen.headers)).not.toContain("x-hop");
  });

  it("tunnels to an allowed host", async () => {
    const [upstream, port] = [await site(), await proxy()];
    const inner = "GET /inside HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    const answer = await raw(port, `CONNECT 127.0.0.1:${upstream} HTTP/1.1\r\nhost: x\r\n\r\n${inner}`);
    expect(answer).toMatch(/^HTTP\/1.1 200 Connection Established\r\n\r\nHTTP\/1.1 200 OK/);
    expect(answer).toContain('"url":"/inside"');
  });

  it("refuses a host that is not in the list, by name and by address, and says which are", async () => {
    const port = await proxy({ domains: ["good.example", ".also.example"] });
    for (const host of ["evil.example", "good.example.evil.example", "xalso.example", "8.8.8.8", "[2001:db8::1]"]) {
      const answer = await ask(port, `http://${host}/`);
      expect(answer.status).toBe(403);
      expect(answer.body).toContain("does not allow");
      expect(answer.body).toContain("its Domains are: good.example, .also.example");
      expect(await raw(port, `CONNECT ${host}:443 HTTP/1.1\r\nhost: x\r\n\r\n`)).toMatch(/^HTTP\/1.1 403 Forbidden/);
    }
  });

  it.each([
    ["this machine", "127.0.0.1"],
    ["a private network", "10.1.2.3"],
    ["a metadata service", "169.254.169.254"],
    ["a shared network", "100.64.0.1"],
  ])(
    "refuses an allowed name that resolves to %s, even where the operator allows such addresses",
    async (_, address) => {
      const reach = { loopback: true, linkLocal: true };
      const port = await proxy({
        domains: ["rebound.example"],
        reach,
        resolve: resolveTo({ "rebound.example": address }),
      });
      const answer = await ask(port, "http://rebound.example/");
      expect(answer).toMatchObject({ status: 403, body: expect.stringContaining(`${address} is an internal address`) });
      const connected = await raw(port, "CONNECT rebound.example:443 HTTP/1.1\r\nhost: x\r\n\r\n");
      expect(connected).toContain(`rebound.example resolves to ${address} is an internal address`);
    },
  );

  it("connects to the address that it has checked, not to a later one", async () => {
    const upstream = await site();
    const answers = ["127.0.0.1", "169.254.169.254"];
    let asked = 0;
    const resolve: Resolve = (_, __, callback) => callback(null, [{ address: answers[asked++] ?? "", family: 4 }]);
    const port = await proxy({ domains: ["turning.example", "127.0.0.1"], resolve });
    expect((await ask(port, `http://turning.example:${upstream}/`)).status).toBe(200);
    expect(asked).toBe(1);
    expect((await ask(port, `http://turning.example:${upstream}/`)).body).toContain("169.254.169.254 is an internal");
  });

  it("refuses this machine's address in the list unless the operator allows it", async () => {
    const [upstream, port] = [await site(), await proxy({ reach: { loopback: false, linkLocal: false } })];
    const answer = await ask(port, `http://127.0.0.1:${upstream}/`);
    expect(answer).toMatchObject({ status: 403, body: expect.stringContaining("outbound.loopback is off") });
  });

  it("answers 400 to what is no proxy request, and 502 when the host cannot be reached", async () => {
    const port = await proxy({ domains: ["gone.example"], resolve: resolveTo({}) });
    expect((await ask(port, "/path")).status).toBe(400);
    expect((await ask(port, "ftp://gone.example/")).status).toBe(400);
    expect(await raw(port, "CONNECT gone.example HTTP/1.1\r\nhost: x\r\n\r\n")).toMatch(/^HTTP\/1.1 400/);
    expect(await ask(port, "http://gone.example/")).toMatchObject({
      status: 502,
      body: expect.stringContaining("no such host: gone.example"),
    });
  });

  it("bounds the connections of a task", async () => {
    const port = await proxy();
    const opened = Array.from({ length: 128 }, () => connect(port, "127.0.0.1"));
    await Promise.all(opened.map((socket) => once(socket, "connect")));
    expect(await raw(port, "GET http://127.0.0.1/ HTTP/1.1\r\nhost: x\r\n\r\n").catch(() => "refused")).not.toMatch(
      /HTTP/,
    );
    for (const socket of opened) socket.destroy();
  });
});
