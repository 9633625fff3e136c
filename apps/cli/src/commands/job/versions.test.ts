import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeRequester, fakeRequester, feedOf } from "../../testing/fake-requester.ts";
import { wireExecution, wireHistory, wireJob } from "../../testing/wire-samples.ts";

const jobs = "/orchestrator/jobs";
const begun = { JobID: "j-1", JobVersion: 3, EvaluationID: "", Warnings: [] };

const inVersion = (version: number, job: unknown): unknown => Object.assign({}, job, { Version: version });

let folder = "";
let fake: FakeRequester | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-cli-"));
});
afterEach(async () => {
  await fake?.close();
  fake = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function requester(answers: Readonly<Record<string, unknown>>): Promise<FakeRequester> {
  fake = await fakeRequester(answers);
  return fake;
}

async function specFile(): Promise<string> {
  const path = join(folder, "job.json");
  await writeFile(path, JSON.stringify({ Name: "web", Type: "batch", Tasks: [{ Engine: { Type: "noop" } }] }));
  return path;
}

it("job rerun runs the named version, and watches the new one alone", async () => {
  const { shoal, bodies } = await requester({
    [`PUT ${jobs}/web/rerun`]: begun,
    [`GET ${jobs}/j-1`]: { Job: inVersion(2, wireJob("completed")) },
    "GET /orchestrator/events": feedOf(
      ["JobSubmitted", { Version: 1 }],
      ["JobFailed", { Why: "of the first version" }],
      ["JobUpdated", { Version: 2, Why: "again" }],
      ["JobCompleted", {}],
    ),
  });
  const { code, out } = await shoal("job", "rerun", "web", "--version", "1", "--reason", "again");
  expect(code).toBe(0);
  expect(bodies).toEqual([{ JobVersion: 1, Reason: "again" }]);
  expect(out).toMatch(/^Job successfully submitted\. Job ID: j-1$/m);
  expect(out).not.toContain("of the first version");
});

it("job run --dry-run prints what would change, and submits nothing", async () => {
  const answers = {
    [`PUT ${jobs}/diff`]: { Diff: '  "Count": 1\n- "Priority": 0\n+ "Priority": 7\n', Warnings: ["odd"] },
  };
  const { shoal, calls } = await requester(answers);
  const { code, out, err } = await shoal("job", "run", await specFile(), "--dry-run");
  expect([code, err]).toEqual([0, "Warning: odd\n"]);
  expect(out).toBe('  "Count": 1\n- "Priority": 0\n+ "Priority": 7\n');
  expect(calls).toEqual([`PUT ${jobs}/diff`]);
});

it("job run --dry-run says when nothing would change", async () => {
  const { shoal } = await requester({ [`PUT ${jobs}/diff`]: { Diff: "", Warnings: [] } });
  expect(await shoal("job", "run", await specFile(), "--dry-run")).toEqual({ code: 0, out: "No changes\n", err: "" });
});

it("job run --force asks for an update with the same spec", async () => {
  const { shoal, bodies } = await requester({ [`PUT ${jobs}`]: begun });
  await shoal("job", "run", await specFile(), "--force", "--id-only");
  expect(bodies).toMatchObject([{ Force: true }]);
});

it("job versions lists them", async () => {
  const { shoal } = await requester({
    [`GET ${jobs}/web/versions`]: { Items: [wireJob("completed"), inVersion(2, wireJob("running"))] },
  });
  const { out } = await shoal("job", "versions", "web");
  expect(out).toMatch(/^CREATED AT +JOB VERSION$/m);
  expect(
    out
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/).at(-1)),
  ).toEqual(["1", "2"]);
});

it.each([
  ["executions", ["--version", "2"], "job_version=2"],
  ["executions", ["--all-versions"], "all_job_versions=true"],
  ["history", ["-v", "2"], "job_version=2"],
  ["history", ["--all-versions"], "all_job_versions=true"],
])("job %s with %j asks for these versions", async (command, flags, query) => {
  const { shoal, calls } = await requester({
    [`GET ${jobs}/web/executions`]: { Items: [wireExecution("failed")] },
    [`GET ${jobs}/web/history`]: { Items: [wireHistory(1, "it began")], NextToken: "" },
  });
  expect((await shoal("job", command, "web", ...flags)).code).toBe(0);
  expect(calls[0]).toContain(query);
});
