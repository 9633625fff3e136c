import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeLogSocket } from "../../testing/fake-log-socket.ts";
import { type FakeRequester, fakeRequester, feedOf, refusal, runWith } from "../../testing/fake-requester.ts";
import { wireExecution, wireHistory, wireJob } from "../../testing/wire-samples.ts";

const jobs = "/orchestrator/jobs";
const spec = { Type: "batch", namespace: "of-the-file", Tasks: [{ Engine: { Type: "noop" } }] };

let folder = "";
let fake: FakeRequester | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-cli-"));
});
afterEach(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
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
  await writeFile(path, JSON.stringify(spec));
  return path;
}

/** Never fires. */
const never = new AbortController().signal;
const submitted = { JobID: "j-1", EvaluationID: "", Warnings: ["one thing was left out"] };
type State = Parameters<typeof wireJob>[0];

const endings: Partial<Record<State, string>> = {
  completed: "JobCompleted",
  failed: "JobFailed",
  stopped: "JobStopped",
};

/** A requester with one job in this state, with this error code. */
const jobIn = (state: State, code?: string) =>
  requester({
    [`PUT ${jobs}`]: submitted,
    [`GET ${jobs}/j-1`]: { Job: wireJob(state, code === undefined ? {} : { ErrorCode: code }) },
    "GET /orchestrator/events": feedOf(["JobSubmitted", {}], [endings[state] ?? "JobStarted", { Why: "because" }]),
  });

describe("shoal job run", () => {
  it.each([
    ["completed", undefined, 0],
    ["stopped", undefined, 9],
    ["stopped", "LOG_UNREACHABLE", 9],
    ["failed", "NO_NODE_FITS", 6],
    ["failed", "EXECUTION_TIMED_OUT", 9],
    ["failed", "INTERNAL", 1],
    ["failed", undefined, 9],
    ["failed", "OF_A_LATER_RELEASE", 1],
  ] as const)("of a job that is %s (%s) ends with the exit code %i", async (state, reason, exit) => {
    const { shoal } = await jobIn(state, reason);
    const { code, out, err } = await shoal("job", "run", await specFile());
    expect(code).toBe(exit);
    expect(err).toBe("Warning: one thing was left out\n");
    expect(out).toMatch(/^Job successfully submitted\. Job ID: j-1$/m);
    expect(out).toMatch(/^TIME +EXEC\. ID +TOPIC +EVENT$/m);
    expect(out).toContain("shoal job describe j-1");
    expect(out).not.toContain("shoal job get");
  });

  const update = ["JobUpdated", { Version: 2, Why: "the spec was updated" }] as const;
  const rollback = [
    "JobUpdated",
    { Version: 3, Of: 1, Failed: 2, Why: "rolled back to version 1: it exited" },
  ] as const;
  const halt = ["JobRolloutHalted", { Version: 2, Code: "ROLLOUT_FAILED", Why: "version 2 failed" }] as const;
  const started = ["JobStarted", {}] as const;
  /** A requester with a service whose last version was submitted and whose events are these. */
  const updated = (version: number, ...events: readonly (readonly [string, object])[]) =>
    requester({
      [`PUT ${jobs}`]: { ...submitted, Warnings: [] },
      [`GET ${jobs}/j-1`]: { Job: { ...Object(wireJob("running")), Type: "service", Version: version } },
      "GET /orchestrator/events": feedOf(["JobSubmitted", {}], started, ...events),
    });

  it.each([
    [
      "rolled back",
      rollback,
      /^Error: rolled back to version 1: it exited\nHint: {2}the job runs its earlier version; /,
    ],
    ["halted", halt, /^Error: version 2 failed\nHint: {2}fix the spec/],
  ] as const)(
    "of an update that is %s ends with exit code 9, the reason, and what to do next",
    async (_, event, shown) => {
      const { shoal } = await updated(2, update, event, started);
      const { code, err } = await shoal("job", "run", await specFile());
      expect([code, err]).toEqual([9, expect.stringMatching(shown)]);
      expect(err).toContain("shoal job history j-1");
    },
  );

  it("of an update that is rolled out ends with exit code 0, whatever became of an earlier one", async () => {
    const { shoal } = await updated(4, update, rollback, ["JobUpdated", { Version: 4, Why: "" }], started);
    expect(await shoal("job", "run", await specFile())).toMatchObject({ code: 0, err: "" });
  });

  it("with --follow shows output until its update is rolled back, and ends with the reason", async () => {
    fakeLogSocket([[1, "one\n"]], "none");
    const assigned = ["ExecutionAssigned", {}] as const;
    const { shoal } = await updated(2, assigned, update, assigned, rollback);
    const { code, err } = await shoal("job", "run", await specFile(), "--follow");
    expect(code).toBe(9);
    expect(err).toContain("Error: rolled back to version 1: it exited");
  });

  const template = JSON.stringify({ ...spec, Name: "{{.NAME}}-{{.zone}}" });
  const templateFile = async (): Promise<string> => {
    const path = join(folder, "template.json");
    await writeFile(path, template);
    return path;
  };
  it("fills a template from flags and the environment, of which flags take precedence", async () => {
    const { url, bodies } = await jobIn("running");
    const args = [
      "job",
      "run",
      await templateFile(),
      "--no-wait",
      "-V",
      "zone=a,b",
      "--template-envs",
      "^(NAME|zone)$",
    ];
    const env = { SHOAL_API_HOST: url, NAME: "hello", zone: "x", OTHER: "y" };
    expect((await runWith(env, args)).code).toBe(0);
    expect((await runWith(env, [...args, "--no-template"])).code).toBe(0);
    expect(bodies).toMatchObject([{ Job: { Name: "hello-a,b" } }, { Job: { Name: "{{.NAME}}-{{.zone}}" } }]);
  });
  it.each([
    [["-V", "zone=a"], 'template.json, line 1: the variable "NAME" is not set', /--template-vars NAME=VALUE/],
    [["-V", "zone"], '--template-vars: expected name=value, got "zone"', /^$/],
    [["-E", "("], '--template-envs: expected a regular expression, got "("', /^$/],
  ])("with %j submits nothing from a template, and names what is missing", async (more, why, hint) => {
    const { shoal, calls } = await jobIn("running");
    const { code, err } = await shoal("job", "run", await templateFile(), ...more);
    expect([code === 0, calls]).toEqual([false, []]);
    expect(err).toContain(why);
    expect(err.split("Hint:")[1] ?? "").toMatch(hint);
  });

  it("prints the job alone in JSON, with the same exit code", async () => {
    const { shoal } = await jobIn("stopped");
    const { code, out } = await shoal("job", "run", await specFile(), "--output", "json");
    expect([code, JSON.parse(out)]).toEqual([9, { Job: wireJob("stopped") }]);
  });

  it.each([
    ["--id-only", "j-1\n"],
    ["--no-wait", "Job successfully submitted. Job ID: j-1\n"],
  ])("with %s returns once the job is submitted", async (flag, expected) => {
    const { shoal, calls } = await jobIn("running");
    const { code, out } = await shoal("job", "run", await specFile(), flag);
    expect([code, out]).toEqual([0, expected]);
    expect(calls).toHaveLength(1);
  });

  it.each([
    ["completed", ["ExecutionAssigned", "JobCompleted"], 0],
    ["failed", ["ExecutionAssigned", "JobFailed"], 9],
    ["failed", ["JobQueued", "JobFailed"], 9],
    ["stopped", ["JobQueued", "JobStopped"], 9],
  ] as const)("with --follow prints the output of a job that is %s with %j", async (state, types, exit) => {
    const paths = fakeLogSocket([
      [1, "one\n"],
      [2, "a warning\n"],
      [1, "two\n"],
    ]);
    const { shoal, calls } = await requester({
      [`PUT ${jobs}`]: { ...submitted, Warnings: [] },
      [`GET ${jobs}/j-1`]: { Job: wireJob(state) },
      "GET /orchestrator/events": feedOf(["JobSubmitted", {}], ...types.map((type) => [type, {}] as const)),
    });
    const { code, out, err } = await shoal("job", "run", await specFile(), "-f");
    expect([code, err]).toEqual([exit, "Waiting for logs...\na warning\n"]);
    expect(out).toMatch(/^Job successfully submitted\. Job ID: j-1\none\ntwo\n\nTo get more details/);
    expect(paths).toEqual([`${jobs}/j-1/logs?follow=true`]);
    expect(calls).toContain("GET /orchestrator/events?job_id=j-1&after=0");
  });

  it("with --follow asks for no output before an execution exists", async () => {
    const paths = fakeLogSocket([[1, "one\n"]]);
    const events = "GET /orchestrator/events";
    const queued = [["JobSubmitted", {}] as const, ["JobQueued", {}] as const];
    const answers: Record<string, unknown> = {
      [`PUT ${jobs}`]: submitted,
      [`GET ${jobs}/j-1`]: { Job: wireJob("completed") },
      [events]: feedOf(...queued),
    };
    const { shoal, calls } = await requester(answers);
    const running = shoal("job", "run", await specFile(), "--follow");
    // The feed ended without an execution: the client asks for the rest.
    await expect
      .poll(() => calls.filter((call) => call.startsWith(events)).length, { timeout: 10_000 })
      .toBeGreaterThan(1);
    expect(paths).toEqual([]);
    answers[events] = feedOf(...queued, ["ExecutionAssigned", {}], ["JobCompleted", {}]);
    expect(await running).toMatchObject({ code: 0, out: expect.stringContaining("one\n") });
    expect(paths).toHaveLength(1);
  });

  it("names the commands that show more, with the results of a job that published some", async () => {
    const next = (published: string) =>
      [
        "\nTo get more details about the run, execute:\n\tshoal job describe j-1\n",
        "\nTo get more details about the run executions, execute:\n\tshoal job executions j-1\n",
        published,
      ].join("");
    const events = feedOf(["JobSubmitted", {}], ["JobCompleted", {}]);
    const answers = { [`PUT ${jobs}`]: submitted, "GET /orchestrator/events": events };
    const { shoal } = await requester({ ...answers, [`GET ${jobs}/j-1`]: { Job: wireJob("completed", {}, "nats") } });
    const { out } = await shoal("job", "run", await specFile());
    expect(out.slice(out.indexOf("\n\nTo get") + 1)).toBe(
      next("\nTo download the results, execute:\n\tshoal job get j-1\n"),
    );
    expect(out).toMatch(
      /^Checking job status\.\.\. .*\n\nTIME +EXEC\. ID +TOPIC +EVENT\n[\d:.]+ {14}Event +JobSubmitted$/m,
    );
    await fake?.close();
    const failed = await requester({ ...answers, [`GET ${jobs}/j-1`]: { Job: wireJob("failed", {}, "nats") } });
    const { out: without } = await failed.shoal("job", "run", await specFile());
    expect(without.slice(without.indexOf("\n\nTo get") + 1)).toBe(next(""));
  });

  it("prints the job that it does not wait for in JSON", async () => {
    const { shoal } = await jobIn("running");
    const { code, out } = await shoal("job", "run", await specFile(), "--no-wait", "--output", "json");
    expect([code, JSON.parse(out)]).toEqual([0, { Job: wireJob("running") }]);
  });

  it.each(["0", "604801", "soon"])("refuses a wait of %s seconds", async (secs) => {
    const { shoal, calls } = await requester({});
    const { code, err } = await shoal("job", "run", await specFile(), "--wait-timeout-secs", secs);
    expect([code, calls]).toEqual([2, []]);
    expect(err).toMatch(/--wait-timeout-secs: .*from 1 to 604800/);
  });

  it.each([
    ["its events", []],
    ["its output", ["--follow"]],
  ])("stops watching %s at its limit, and leaves the job alone", async (_, flags) => {
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => (ms === 7_000 ? AbortSignal.abort() : never));
    const { shoal, calls } = await jobIn("running");
    const { code } = await shoal("job", "run", await specFile(), "--wait-timeout-secs", "7", ...flags);
    expect(code).toBe(0);
    expect(calls.filter((call) => !call.startsWith("GET"))).toHaveLength(1);
  });

  it("submits the spec of the file unchanged, except for the namespace of the flag", async () => {
    const { shoal, bodies } = await jobIn("running");
    await shoal("job", "run", await specFile(), "--id-only");
    await shoal("job", "run", await specFile(), "--id-only", "--namespace", "other");
    const { namespace: _, ...rest } = spec;
    expect(bodies).toMatchObject([{ Job: spec }, { Job: { ...rest, Namespace: "other" } }]);
    expect(Object.keys(Object(Object(bodies[1]).Job))).not.toContain("namespace");
  });

  it("reports a file that it cannot read, and calls no requester", async () => {
    const { shoal, calls } = await requester({});
    const missing = await shoal("job", "run", join(folder, "none.yaml"));
    expect([missing.code, missing.err]).toEqual([2, expect.stringMatching(/^Error: .*no such file\nHint: /)]);
    await writeFile(join(folder, "list.json"), "[]");
    expect(await shoal("job", "run", join(folder, "list.json"))).toMatchObject({ code: 2, out: "" });
    expect(calls).toEqual([]);
  });

  it("prints why a requester refuses the spec", async () => {
    const { shoal } = await requester({ [`PUT ${jobs}`]: refusal(400, "ValidationError", "count: too many") });
    const { code, out, err } = await shoal("job", "run", await specFile());
    expect([code, out, err]).toEqual([2, "", "Error: count: too many\nHint:  a hint\n"]);
  });
});

describe("shoal job stop", () => {
  const answers = { [`DELETE ${jobs}/hello`]: { EvaluationID: "", Warnings: [] } };
  it.each([
    [[], "Job successfully stopped: hello\n", `DELETE ${jobs}/hello?reason=stopped+by+the+user`],
    [["--quiet"], "", `DELETE ${jobs}/hello?reason=stopped+by+the+user`],
    [
      ["--reason", "enough", "--namespace", "ns"],
      "Job successfully stopped: hello\n",
      `DELETE ${jobs}/hello?namespace=ns&reason=enough`,
    ],
  ])("with %j stops the job and confirms it", async (flags, expected, call) => {
    const { shoal, calls } = await requester(answers);
    expect(await shoal("job", "stop", "hello", ...flags)).toEqual({ code: 0, out: expected, err: "" });
    expect(calls).toEqual([call]);
  });

  it.each([
    [404, "NotFound", 4],
    [409, "ConflictJobState", 5],
    [409, "MultipleJobsFound", 5],
    [403, "Forbidden", 3],
    [429, "ResourceExhausted", 6],
    [503, "ServiceUnavailable", 7],
    [500, "DatastoreFailure", 8],
    [500, "InternalError", 1],
    [418, "OfALaterRelease", 1],
  ])("refused with status %i and %s ends with the exit code %i", async (status, wire, exit) => {
    const { shoal } = await requester({ [`DELETE ${jobs}/hello`]: refusal(status, wire, "not now") });
    const { code, out, err } = await shoal("job", "stop", "hello");
    expect([code, out, err]).toEqual([exit, "", "Error: not now\nHint:  a hint\n"]);
  });
});

describe("shoal job list", () => {
  const page = { Items: [wireJob("running")], NextToken: "next" };

  it("shows the newest jobs first, and how to see more", async () => {
    const { shoal, calls } = await requester({ [`GET ${jobs}`]: page });
    const { code, out, err } = await shoal("job", "list");
    expect([code, err, calls]).toEqual([0, "More: --next-token next\n", [`GET ${jobs}?limit=10&reverse=true`]]);
    const [head, row, ...more] = out.trimEnd().split("\n");
    expect(head).toMatch(/^ ?CREATED +ID +NAME +JOB +TYPE +STATE *$/);
    expect(row).toMatch(/ j-1 +hello +noop +batch +running *$/i);
    expect(more).toEqual([]);
  });

  it("maps its options to the query, and shows the namespaces when it lists all", async () => {
    const { shoal, calls } = await requester({ [`GET ${jobs}`]: { Items: page.Items } });
    const flags = ["--limit", "3", "--next-token", "t", "--order-by", "created_at", "--order-reversed"];
    const { out, err } = await shoal("job", "list", ...flags, "--labels", "a=b", "--namespace", "*");
    expect(out).toMatch(/NAMESPACE/);
    expect(err).toBe("");
    const query = "limit=3&next_token=t&order_by=created_at&reverse=false&namespace=*&labels=a=b";
    expect(calls).toEqual([`GET ${jobs}?${query}`]);
  });

  it("prints the answer as JSON", async () => {
    const { shoal } = await requester({ [`GET ${jobs}`]: page });
    expect(JSON.parse((await shoal("job", "list", "--output", "json")).out)).toEqual(page.Items);
  });

  it.each(["0", "1001", "ten", "-1"])("refuses a limit of %s", async (limit) => {
    const { shoal, calls } = await requester({});
    const { code, err } = await shoal("job", "list", "--limit", limit);
    expect([code, calls]).toEqual([2, []]);
    expect(err).toMatch(/--limit: .*from 1 to 1000.*"/);
  });
});

describe("shoal job executions, history and describe", () => {
  const answers = {
    [`GET ${jobs}/hello/executions`]: { Items: [wireExecution("failed")] },
    [`GET ${jobs}/hello/history`]: { Items: [wireHistory(1, "it began")] },
    [`GET ${jobs}/hello`]: {
      Job: wireJob("completed"),
      Executions: { Items: [wireExecution("completed", { stdout: "said\n", stderr: "warned" })] },
      History: { Items: [wireHistory(1, "it began")] },
    },
  };

  it("list the executions", async () => {
    const { shoal, calls } = await requester(answers);
    const { code, out } = await shoal("job", "executions", "hello", "--namespace", "ns");
    expect([code, calls]).toEqual([0, [`GET ${jobs}/hello/executions?limit=20&namespace=ns`]]);
    expect(out).toMatch(/ e-1 +1 +n-one +0 +3 +failed +running +as it was seen/i);
    const { out: json } = await shoal("job", "executions", "hello", "--output", "json");
    expect(JSON.parse(json)).toEqual([wireExecution("failed")]);
  });

  it("show the history, and refuse an unknown type of event", async () => {
    const { shoal, calls } = await requester(answers);
    const { code, out } = await shoal("job", "history", "hello", "--event-type", "job", "--execution-id", "e-1");
    expect([code, out]).toEqual([0, expect.stringMatching(/Job +1 +State Update +it began/)]);
    expect(calls[0]).toMatch(/\/hello\/history\?.*event_type=job&execution_id=e-1$/);
    const refused = await shoal("job", "history", "hello", "--event-type", "node");
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('"node"')]);
  });

  it("show the whole history, page by page, as a table and as JSON", async () => {
    const pages: Record<string, unknown> = {
      "": { Items: [wireHistory(1, "one")], NextToken: "a" },
      a: { Items: [wireHistory(2, "two", { executionId: "e-1", reason: "why" })], NextToken: "b" },
      b: { Items: [], NextToken: "c" },
    };
    const answer = (path: string) => pages[new URL(path, "http://a").searchParams.get("next_token") ?? ""];
    const { shoal, calls } = await requester({ [`GET ${jobs}/hello/history`]: answer });
    const { out: json } = await shoal("job", "history", "hello", "--output", "json");
    expect(JSON.parse(json)).toEqual([
      wireHistory(1, "one"),
      wireHistory(2, "two", { executionId: "e-1", reason: "why" }),
    ]);
    expect(calls).toEqual(
      ["", "&next_token=a", "&next_token=b"].map((next) => `GET ${jobs}/hello/history?limit=100&event_type=all${next}`),
    );
    expect((await shoal("job", "history", "hello")).out.split("\n").slice(1)).toEqual([
      "00:00:00.000  Job        1                      State Update  one",
      "00:00:00.000  Execution  1            e-1       State Update  two — why",
      "",
    ]);
  });

  it("describe the job with its executions, history and output", async () => {
    const { shoal, calls } = await requester(answers);
    const { code, out } = await shoal("job", "describe", "hello");
    expect([code, calls]).toEqual([0, [`GET ${jobs}/hello?include=executions,history`]]);
    expect(out).toMatch(/^ID +[=] j-1$/m);
    expect(out).toMatch(/^Summary\ncompleted = 1$/im);
    expect(out).toMatch(/^Standard Output\nsaid\n\nStandard Error\nwarned\n$/m);
    const { out: json } = await shoal("job", "describe", "hello", "--output", "json");
    expect(JSON.parse(json)).toEqual({
      Job: wireJob("completed"),
      Executions: [wireExecution("completed", { stdout: "said\n", stderr: "warned" })],
      History: [wireHistory(1, "it began")],
    });
  });
});

describe("shoal job get", () => {
  it("refuses a job without results, and a folder that exists", async () => {
    const { shoal } = await requester({
      [`GET ${jobs}/none/results`]: { Items: [] },
      [`GET ${jobs}/some/results`]: { Items: [{ Type: "urlDownload", Params: { URL: "http://127.0.0.1:1/x" } }] },
    });
    expect(await shoal("job", "get", "none")).toMatchObject({ code: 4, err: expect.stringContaining("no results") });
    const taken = await shoal("job", "get", "some", "--output-dir", folder);
    expect([taken.code, taken.err]).toEqual([2, expect.stringContaining(`${folder} already exists`)]);
  });
});
