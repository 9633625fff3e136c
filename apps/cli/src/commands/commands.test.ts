import { afterEach, describe, expect, it } from "vitest";
import { type FakeRequester, fakeRequester, feedOf, refusal, runWith } from "../testing/fake-requester.ts";
import { wireJob, wireNode, wireRequester, wireVersion } from "../testing/wire-samples.ts";

const nodes = "/orchestrator/nodes";
const cluster = "/orchestrator/cluster";

let fake: FakeRequester | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

async function requester(answers: Readonly<Record<string, unknown>>): Promise<FakeRequester> {
  fake = await fakeRequester(answers);
  return fake;
}

describe("shoal node", () => {
  it("lists the nodes that match the labels", async () => {
    const { shoal, calls } = await requester({ [`GET ${nodes}`]: { Nodes: [wireNode("connected"), wireRequester] } });
    const { code, out } = await shoal("node", "list", "--labels", "zone=a");
    expect([code, calls]).toEqual([0, [`GET ${nodes}?labels=zone=a`]]);
    expect(out.split("\n").map((line) => line.replaceAll(/ {2,}/g, " | "))).toEqual([
      "ID | TYPE | APPROVAL | STATUS | CLOCK | ENGINES | SHARDS | RUNNING | AVAILABLE",
      "n-one | Compute | APPROVED | Connected | noop,docker | 2 | 4 cores, 8 GiB",
      "r-one | Requester | APPROVED | Connected | +7200s | 0-2,5",
      "",
    ]);
    const { code: ended, out: json } = await shoal("node", "list", "--output", "json");
    expect([ended, JSON.parse(json)]).toEqual([0, [wireNode("connected"), wireRequester]]);
  });

  it("describes a node, and ends with 4 for an unknown one", async () => {
    const answers = { [`GET ${nodes}/n-one`]: { Node: wireNode("disconnected") } };
    const { shoal } = await requester({ ...answers, [`GET ${nodes}/r-one`]: { Node: wireRequester } });
    const { code, out } = await shoal("node", "describe", "n-one");
    expect(code).toBe(0);
    expect(out.replace(/\d+[smhd] ago/, "a while ago").split("\n")).toEqual([
      "ID             = n-one",
      "Type           = Compute",
      "Approval       = APPROVED",
      "Status         = disconnected",
      "Last heartbeat = a while ago",
      "Version        = v1.9.0",
      "Labels         = zone=a",
      "Engines        = noop, docker",
      "Sources        = inline",
      "Publishers     = local",
      "Capacity       = 4 cores, 8 GiB",
      "Available      = 4 cores, 8 GiB",
      "Largest task   = 4 cores, 8 GiB",
      "Running        = 2",
      "",
    ]);
    const described = await shoal("node", "describe", "r-one");
    expect(described.out).toMatch(/^Last error {5}= no disk\nClock {10}= \+7200s\nVersion {8}= v1\.9\.0\n$/m);
    const { out: json } = await shoal("node", "describe", "n-one", "--output", "json");
    expect(JSON.parse(json)).toEqual(wireNode("disconnected"));
    expect(await shoal("node", "describe", "n-two")).toMatchObject({ code: 4, out: "" });
  });
});

describe("shoal cluster", () => {
  const status = {
    ...{ FeatureLevel: 2, AnsweredBy: "r-one", ProtocolLevels: { Lowest: 1, Highest: 3 } },
    ...{ Requesters: [], Nodes: [], Shards: [], Quarantined: [] },
  };

  it("shows its status", async () => {
    const { shoal } = await requester({ [`GET ${cluster}`]: status });
    expect(await shoal("cluster", "status")).toMatchObject({
      code: 0,
      out: expect.stringContaining("Feature level 2"),
    });
    expect(JSON.parse((await shoal("cluster", "status", "--output", "json")).out)).toEqual(status);
  });

  it.each([
    [1, "Raised the feature level from 1 to 2.\n"],
    [2, "The cluster is at feature level 2 already.\n"],
  ])("finishes an upgrade from level %i", async (before, expected) => {
    const { shoal, calls } = await requester({ [`PUT ${cluster}/upgrade`]: { FeatureLevel: 2, Before: before } });
    expect(await shoal("cluster", "upgrade", "--finish")).toEqual({ code: 0, out: expected, err: "" });
    expect(calls).toEqual([`PUT ${cluster}/upgrade`]);
    const { code, out: json } = await shoal("cluster", "upgrade", "--finish", "--output", "json");
    expect([code, JSON.parse(json)]).toEqual([0, { FeatureLevel: 2, Before: before }]);
  });

  it("refuses without the flag, and before every requester is upgraded", async () => {
    const { shoal, calls } = await requester({
      [`PUT ${cluster}/upgrade`]: refusal(409, "ConfigurationError", "r-two is at level 1"),
    });
    expect(await shoal("cluster", "upgrade")).toMatchObject({ code: 2, err: expect.stringContaining("--finish") });
    expect(calls).toEqual([]);
    expect(await shoal("cluster", "upgrade", "--finish")).toMatchObject({ code: 5, out: "" });
  });
});

describe("shoal version", () => {
  it("shows the release of the requester and the version of its API", async () => {
    const { shoal } = await requester({ "GET /agent/version": wireVersion });
    const expected = "Shoal v0.1.0, API of Bacalhau v1.9.0 (linux/amd64)\n";
    expect(await shoal("version")).toEqual({ code: 0, out: expected, err: "" });
    expect(JSON.parse((await shoal("version", "--output", "json")).out)).toEqual(wireVersion);
  });

  it("shows the version of a server that is not of Shoal", async () => {
    const { shoal } = await requester({ "GET /agent/version": { ...Object(wireVersion), GitCommit: "3f2a91c" } });
    expect((await shoal("version")).out).toBe("v1.9.0 (linux/amd64)\n");
  });

  it("ends with 7 when no requester answers", async () => {
    const { url, close } = await fakeRequester({});
    await close();
    const { code, out, err } = await runWith({ SHOAL_API_HOST: url }, ["version"]);
    expect([code, out, err]).toEqual([7, "", expect.stringMatching(/^Error: .*ECONNREFUSED/)]);
  });
});

describe("shoal events", () => {
  // The feed of an unknown job ends with an error, which ends the command.
  it("resolves the job's name, and asks for its events from the position", async () => {
    const { shoal, calls } = await requester({
      "GET /orchestrator/jobs/hello": { Job: wireJob("running") },
      "GET /orchestrator/events": refusal(400, "PositionAhead", "up to 7, where the log ends, got 9"),
    });
    const { code, err } = await shoal("events", "hello", "--after", "9", "--namespace", "ns");
    expect([code, err]).toEqual([2, "Error: up to 7, where the log ends, got 9\nHint:  a hint\n"]);
    expect(calls).toEqual([
      "GET /orchestrator/jobs/hello?namespace=ns",
      "GET /orchestrator/events?namespace=ns&job_id=j-1&after=9",
    ]);
  });

  it("prints the events of all namespaces as a table, with the job of each", async () => {
    const answers: Record<string, unknown> = { "GET /orchestrator/events": feedOf(["JobCompleted", {}]) };
    const { shoal, calls } = await requester(answers);
    const running = shoal("events", "--namespace", "*");
    await expect.poll(() => fake?.calls.length).toBe(1);
    answers["GET /orchestrator/events"] = refusal(404, "NotFound", "gone");
    expect(await running).toMatchObject({
      out: "00:00:00.000  j-1                     State Update        Completed successfully\n",
    });
    expect(calls[0]).toBe("GET /orchestrator/events");
  });

  it("prints events as lines until a requester answers with an error", async () => {
    const feed = feedOf(["JobSubmitted", {}], ["JobStarted", {}]);
    const answers: Record<string, unknown> = { "GET /orchestrator/events": feed };
    const { shoal } = await requester(answers);
    const running = shoal("events", "--after", "0", "--output", "json");
    await expect.poll(() => fake?.calls.length).toBe(1);
    answers["GET /orchestrator/events"] = refusal(404, "NotFound", "gone");
    const { code, out } = await running;
    const types = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).type);
    expect([code, types]).toEqual([4, ["shoal.JobSubmitted", "shoal.JobStarted"]]);
  });
});

describe("a command line that cannot be parsed ends with 2 and the reason, and calls no requester:", () => {
  it.each([
    [["jobs"], /unknown command/],
    [["job", "list", "--what"], /unknown option/],
    [["job", "stop"], /missing required argument/],
    [["version", "--output", "xml"], /--output: .*"xml"/],
    [["events", "--after", "-1"], /--after: .*"-1"/],
    [["replay", "--expect", "7:abc"], /--expect: .*64 hexadecimal digits.*"7:abc"/],
    [["rebuild", "--shard", "16"], /--shard: .*"16"/],
    [["repair"], /--accept-loss/],
    [["devstack", "--requesters", "0"], /--requesters: .*"0"/],
    [["devstack", "--nodes", "65"], /--nodes: .*"65"/],
    [["devstack", "--nodes", "-1"], /--nodes: .*"-1"/],
    [["devstack", "--port", "65536"], /--port: .*"65536"/],
    [["devstack", "--nats-port", "x"], /--nats-port: .*"x"/],
    [["serve"], /expected --requester or --compute, got neither/],
    [["serve", "--requester", "--compute"], /got both/],
    [["job", "executions", "j-1", "--limit", "1001"], /--limit: .*"1001"/],
  ])("%j", async (args, expected) => {
    const { shoal, calls } = await requester({});
    const { code, out, err } = await shoal(...args);
    expect([code, out, calls]).toEqual([2, "", []]);
    expect(err).toMatch(expected);
  });

  it.each([["--help"], ["job", "--help"], ["job", "run", "--help"], ["--version"]])("except %s", async (...args) => {
    const { code, err } = await runWith({}, args);
    expect([code, err]).toEqual([0, ""]);
  });
});

it.each(["--node-config", "--requester-config"])("shoal devstack refuses %s without a path", async (flag) => {
  const { code, out, err } = await runWith({}, ["devstack", "--data-dir", "/dev/null/none", flag, "a=b", flag, "zone"]);
  expect([code, out, err]).toEqual([8, "", expect.stringContaining('expected path=value, got "zone"')]);
});

it("a command on the log ends with 7 and names the folder where no devstack has run", async () => {
  for (const name of ["replay", "rebuild"]) {
    const { code, err } = await runWith({}, [name, "--data-dir", "/nowhere"]);
    expect([code, err]).toEqual([7, expect.stringContaining("no devstack has run in /nowhere")]);
  }
});
