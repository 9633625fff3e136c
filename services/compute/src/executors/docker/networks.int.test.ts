import { once } from "node:events";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { PublishedPort } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { portVariables } from "../../runner/prepare/environment.ts";
import { engineHarness, type RecordedWorkload } from "./testing/engine-harness.ts";

const harness = await engineHarness("networks");
const { engine, missing } = harness;
afterAll(() => harness.close());

const suite = missing === undefined ? "networks" : `networks (skipped: ${missing})`;
const sh = (script: string) => ({ Entrypoint: ["/bin/sh", "-c", script] });
const reach = { loopback: true, linkLocal: false };

/** A website of this machine, on all of its addresses. */
const site = createServer((incoming, response) => {
  response.end(`${incoming.url} for ${incoming.headers["x-bacalhau-job-id"] ?? "no job"}\n`);
});
let port = 0;
beforeAll(async () => {
  site.listen(0, "0.0.0.0");
  await once(site, "listening");
  port = (site.address() as AddressInfo).port;
});
afterAll(() => void site.close());

async function http(script: string, domains: readonly string[]): Promise<RecordedWorkload> {
  const folder = await harness.folder(`http-${Math.random()}`);
  const workload = harness.workload(sh(script), { network: "http", domains, folder });
  const running = await harness.executor({ reach }).start(workload);
  await running.exit;
  return workload;
}

const containersOf = (executionId: string) =>
  engine.listContainers({ all: true, filters: { label: [`shoal.execution=${executionId}`] } });

describe.skipIf(missing !== undefined)(suite, () => {
  it("http reaches an allowed host through the proxy, with the job's id, and another one not", async () => {
    const other = "wget -q -O - http://other.example/ 2>&1; echo $?";
    const workload = await http(`wget -q -O - http://127.0.0.1:${port}/page; ${other}`, ["127.0.0.1"]);
    expect(workload.printed("stdout")).toContain("/page for j-1\n");
    expect(workload.printed("stdout")).toContain("403 Forbidden");
    // What a client sees that shows the body of a refusal.
    const raw = "printf 'GET http://other.example/ HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 3128";
    expect((await http(raw, ["127.0.0.1"])).printed("stdout")).toContain(
      "shoal: the task's network does not allow other.example; its Domains are: 127.0.0.1",
    );
  });

  it("http tunnels to an allowed host, and sets the variables in both spellings", async () => {
    const connected = `printf 'CONNECT 127.0.0.1:${port} HTTP/1.1\\r\\n\\r\\nGET /inside HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 3128`;
    const workload = await http(`${connected}; env | sort`, ["127.0.0.1"]);
    expect(workload.printed("stdout")).toContain("200 Connection Established");
    expect(workload.printed("stdout")).toContain("/inside for no job");
    for (const name of ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"])
      expect(workload.printed("stdout")).toContain(`${name}=http://127.0.0.1:3128\n`);
  });

  it("http has no other way out: only loopback, no route, no name server, not this machine", async () => {
    // The engine's first address on this machine, on which the site listens too.
    const tries = [`nc -w 2 172.17.0.1 ${port}`, `nc -w 2 127.0.0.1 ${port}`, "nc -w 2 192.0.2.1 80"];
    const script = `cd /sys/class/net; echo *; cat /proc/net/route; ${tries.map((one) => `${one} </dev/null; echo code $?`).join("; ")}`;
    const workload = await http(script, ["127.0.0.1"]);
    const lines = workload.printed("stdout").trim().split("\n");
    expect(lines[0]).toBe("lo");
    expect(lines.filter((line) => line === "code 1")).toHaveLength(3);
    expect(lines.filter((line) => /^\w+\t[0-9A-F]{8}/.test(line))).toEqual([]);
  });

  it("http of one task does not serve another one with other domains", async () => {
    const ask = `wget -q -O - http://127.0.0.1:${port}/ 2>&1; exit 0`;
    const [one, other] = await Promise.all([http(ask, ["127.0.0.1"]), http(ask, ["192.0.2.1"])]);
    expect(one.printed("stdout")).toContain("for j-1");
    expect(other.printed("stdout")).toContain("403 Forbidden");
  });

  it("http works again after the node's process was replaced, and its gateway ends with the task", async () => {
    const folder = await harness.folder("again");
    const script = `while ! test -e /tmp/go; do sleep 0.1; done; wget -q -O - http://127.0.0.1:${port}/later`;
    const workload = harness.workload(sh(script), { network: "http", domains: ["127.0.0.1"], folder });
    const first = harness.executor({ reach });
    await first.start(workload);
    expect(await containersOf(workload.id)).toHaveLength(2);
    await first.close();
    const running = await harness.executor({ reach }).attach(workload);
    const container = (await containersOf(workload.id)).find(({ Labels }) => Labels["shoal.gateway"] === undefined);
    const exec = await engine.getContainer(container?.Id ?? "").exec({ Cmd: ["/bin/touch", "/tmp/go"] });
    await exec.start({ Detach: true });
    expect(await running?.exit).toEqual({ exitCode: 0 });
    expect(workload.printed("stdout")).toBe("/later for j-1\n");
    await harness.executor().sweep(new Set());
    // The engine answers "is being removed" to a second removal, before the first has ended.
    await expect.poll(() => containersOf(workload.id)).toEqual([]);
  });

  it("bridge publishes the ports of the task, which it finds in its environment", async () => {
    const ports: PublishedPort[] = [{ name: "web", hostPort: 21_890, target: 8080, address: "127.0.0.1" }];
    const answer = "printf 'HTTP/1.0 200 OK\\r\\n\\r\\nport %s of %s\\n' $SHOAL_PORT_web $BACALHAU_HOST_PORT_web";
    const script = `echo up; ${answer} | nc -l -p $BACALHAU_PORT_web`;
    const workload = harness.workload(sh(script), { network: "bridge", ports, env: portVariables(ports) });
    const running = await harness.executor().start(workload);
    const [container] = await containersOf(workload.id);
    expect(container?.Ports).toEqual([{ IP: "127.0.0.1", PrivatePort: 8080, PublicPort: 21_890, Type: "tcp" }]);
    // The engine's proxy accepts before the task listens, and ends the connection then.
    let body = "";
    while (body === "") body = await get(21_890).catch(() => "");
    expect(body).toBe("port 8080 of 21890\n");
    expect(await running.exit).toEqual({ exitCode: 0 });
  });

  it("host is the machine's own network", async () => {
    const workload = harness.workload(sh(`wget -q -O - http://127.0.0.1:${port}/own`), { network: "host" });
    await (await harness.executor().start(workload)).exit;
    expect(workload.printed("stdout")).toBe("/own for no job\n");
  });
});

async function get(from: number): Promise<string> {
  const sent = request({ host: "127.0.0.1", port: from });
  sent.end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return text(answer);
}
