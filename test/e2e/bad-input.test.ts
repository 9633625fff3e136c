import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { record } from "@shoal/core/testing/contracts";
import { streams, subjects } from "@shoal/proto";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeMessage } from "../../libs/nats/src/message-codec.ts";
import { parkedHeaders } from "../../libs/nats/src/reports/park.ts";
import { readStream } from "../../libs/nats/src/stream/reading.ts";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { type FaultCluster, startFaultCluster } from "../int/fault-cluster.ts";
import { readTrace } from "../int/invariants.ts";
import { doomedSpecs } from "./bad-input/doomed-specs.ts";
import { hostileGuests } from "./bad-input/hostile-guests.ts";
import { jobWith, type RefusedRequest, refusedRequests } from "./bad-input/refused-requests.ts";
import { connectRogue, forgery, garbage, runningJob } from "./bad-input/rogue-node.ts";

/** A compressed tar archive whose only entry has a path two folders above it. */
async function climbing(): Promise<string> {
  const archive = pack();
  archive.entry({ name: "../../climbed" }, "up here");
  archive.finalize();
  return `data:application/gzip;base64,${gzipSync(await buffer(archive)).toString("base64")}`;
}
const archiveThatClimbs = await climbing();

onServer(() => {
  let folder = "";
  let cluster: FaultCluster;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "shoal-e2e-"));
    for (const name of ["open", "closed"]) await mkdir(join(folder, name));
    await writeFile(join(folder, "closed", "secret"), "secret");
    await symlink(join(folder, "closed"), join(folder, "open", "out"));
    cluster = await startFaultCluster(join(folder, "data"), {
      nodeSettings: {
        allowListedLocalPaths: `${join(folder, "open")}/**:ro`,
        "output.limitBytes": String(8 * 2 ** 20),
        "wasm.poolSize": "1",
      },
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const put = (body: RefusedRequest["body"], headers: RefusedRequest["headers"] = {}) =>
    fetch(`${cluster.devstack.facts.api[0]}/api/v1/orchestrator/jobs`, {
      method: "PUT",
      body,
      headers: { "content-type": "application/json", ...headers },
    });

  /** Runs a job to its end; its final state, and its whole history as one text. */
  async function outcome(task: object): Promise<{ readonly end: string | undefined; readonly history: string }> {
    const { jobId } = await cluster.client.submit(JSON.parse(jobWith({}, task)).Job);
    await cluster.observer.until("its end", ({ trace }) => trace.jobs.get(jobId)?.end() !== undefined);
    const { items } = await cluster.client.history(jobId);
    const history = items.map(({ event }) => `${event.message} ${JSON.stringify(event.details ?? {})}`).join("\n");
    return { end: cluster.observer.trace.jobs.get(jobId)?.end(), history };
  }

  describe("a request is refused with a reason when it has", () => {
    it.each(refusedRequests)("$name", async ({ body, headers, status, summary }) => {
      const before = cluster.observer.trace.jobs.size;
      const answer = await put(body, headers);
      expect(await answer.json()).toMatchObject({ Status: status, Message: expect.stringMatching(summary) });
      expect(answer.status).toBe(status);
      expect(cluster.observer.trace.jobs.size).toBe(before);
    });
  });

  describe("a job is accepted and fails with a reason in its history when it has", () => {
    it.each(doomedSpecs(archiveThatClimbs))("$name", async ({ task, summary }) => {
      const { end, history } = await outcome(task(folder));
      expect(history).toMatch(summary);
      expect(end).toBe("failed");
    });
  });

  describe("a guest is confined that has", () => {
    it.each(hostileGuests)("$name", async ({ module, task = {}, end: expected, summary }) => {
      const url = `data:application/wasm;base64,${Buffer.from(module()).toString("base64")}`;
      const { end, history } = await outcome({
        Engine: { Type: "wasm", Params: { EntryModule: "/app/main.wasm" } },
        InputSources: [{ Source: { Type: "inline", Params: { URL: url } }, Target: "/app/main.wasm" }],
        ...task,
      });
      expect(history).toMatch(summary);
      expect(end).toBe(expected);
    });
  });

  it("accepts the names of JavaScript's built-in properties", async () => {
    const spec =
      '{"Job":{"Type":"batch","__proto__":{"Count":7},"Labels":{"__proto__":"x","constructor":"y"},"Tasks":[{"Engine":{"Type":"noop","Params":{"__proto__":{"ExitCode":7}}}}]}}';
    const answer = await put(spec);
    const { JobID: jobId } = Object(await answer.json());
    const { count, labels, state } = await cluster.client.waitForJob(jobId);
    expect({ state: state.stateType, count, labels: Object.entries(labels) }).toEqual({
      state: "completed",
      count: 1,
      labels: expect.arrayContaining([["constructor", "y"]]),
    });
    const { items } = await cluster.client.executions(jobId);
    expect(items.map(({ runOutput }) => runOutput?.exitCode)).toEqual([0]);
  });

  describe("a node is not trusted that", () => {
    const otherThan = (nodeId: string) => (nodeId === "node-0" ? "node-1" : "node-0");
    const exitCodes = async (jobId: string) => {
      await cluster.observer.until("its end", ({ trace }) => trace.jobs.get(jobId)?.end() !== undefined);
      const { items } = await cluster.client.executions(jobId);
      return items.map(({ runOutput }) => runOutput?.exitCode);
    };

    it("reports on another node's execution", async () => {
      const { jobId, placed } = await runningJob(cluster);
      const rogue = await connectRogue(cluster, otherThan(placed.nodeId));
      await rogue.reports.send({ jobId, executionId: placed.executionId, report: forgery() });
      await rogue.close();
      expect(await exitCodes(jobId)).toEqual([0]);
    });

    it("publishes as another node, or into the log", async () => {
      const { jobId, placed } = await runningJob(cluster);
      const rogue = await connectRogue(cluster, otherThan(placed.nodeId));
      const forbidden = [subjects.report(placed.nodeId, jobId, placed.executionId), subjects.job("default", jobId)];
      const tries = forbidden.map((subject) =>
        rogue.session.publisher.publish({ subject, bytes: encodeMessage(forgery()) }),
      );
      expect((await Promise.all(tries)).map(({ state }) => state)).not.toContain("stored");
      await rogue.close();
      expect(await exitCodes(jobId)).toEqual([0]);
    });

    it.each(garbage)("reports %s", async (_, bytes) => {
      const { jobId, placed } = await runningJob(cluster);
      const subject = subjects.report(placed.nodeId, jobId, placed.executionId);
      const parked = record<string>();
      const reading = await readStream(cluster.ports.session, {
        stream: streams.parked,
        filter: subjects.allParked,
        from: { at: "behind", seq: 0 },
        deliver: (message) => parked.push(message.header(parkedHeaders.subject)),
      });
      const rogue = await connectRogue(cluster, placed.nodeId);
      expect(await rogue.session.publisher.publish({ subject, bytes: bytes() })).toMatchObject({ state: "stored" });
      await rogue.close();
      await parked.first((each) => each === subject);
      await reading.close();
      expect(await exitCodes(jobId)).toEqual([0]);
    });
  });

  it("leaves a cluster that runs a valid job, and a log that folds to its views", async () => {
    const { end } = await outcome({ Engine: { Type: "noop", Params: { Stdout: "still here\n" } } });
    expect(end).toBe("completed");
    expect(await readFile(join(folder, "closed", "secret"), "utf8")).toBe("secret");
    expect((await readTrace(cluster.ports.log)).broken).toEqual([]);
    expect(await cluster.replay()).toMatchObject({ ok: true, problems: { count: 0 }, mismatches: { count: 0 } });
    expect(cluster.news.all).toEqual([]);
  });
});
