import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";

const address = "/api/v1/orchestrator/jobs";
const task = { Name: "main", Engine: { Type: "noop", Params: {} } };
const job = { Type: "batch", Tasks: [task] };

let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

const put = (body: object, query: Record<string, string> = {}) =>
  harness.app.inject({ method: "PUT", url: address, query, payload: body });

const stored = async (id: string) => (await harness.app.inject({ url: `${address}/${id}` })).json().Job;

describe("submitting a job", () => {
  it.each(["PUT", "POST"] as const)("answers %s with the job's id and its position in the log", async (method) => {
    const response = await harness.app.inject({ method, url: address, payload: { Job: job } });
    expect(response.statusCode).toBe(200);
    const { JobID, EvaluationID, Warnings } = response.json();
    expect(JobID).toMatch(/^j-[0-9a-f-]{36}$/);
    expect(EvaluationID).not.toBe("");
    expect(Warnings).toEqual([]);
    expect(Number(response.headers["x-shoal-position"])).toBe(await harness.sim.log.entries.at(-1)?.seq);
  });
  it("reads keys in any case and retains those of maps", async () => {
    const spec = {
      type: "BATCH",
      labels: { Team: "X" },
      tasks: [{ name: "t", engine: { type: "noop", params: { RunSeconds: 1 } }, env: { FOO: "b" } }],
    };
    const { JobID } = (await put({ job: spec })).json();
    expect(await stored(JobID)).toMatchObject({
      Type: "batch",
      Labels: { Team: "X" },
      Tasks: [{ Name: "t", Engine: { Type: "noop", Params: { RunSeconds: 1 } }, Env: { FOO: "b" } }],
    });
  });
  it.each([
    ["in the query", {}, { idempotency_token: "once" }],
    ["in the body", { IdempotencyToken: "once" }, {}],
  ])("makes one job of two calls with the same token %s", async (_, body, query) => {
    const first = (await put({ Job: job, ...body }, query)).json();
    const second = (await put({ Job: job, ...body }, query)).json();
    expect(second.JobID).toBe(first.JobID);
    expect(harness.sim.log.entries).toHaveLength(1);
  });
  it("makes two jobs of two calls without a token", async () => {
    const first = (await put({ Job: job })).json();
    expect((await put({ Job: job })).json().JobID).not.toBe(first.JobID);
  });
  it("puts a job into the namespace of the body or the query when the job names none", async () => {
    expect(await stored((await put({ Job: job, Namespace: "n1" })).json().JobID)).toMatchObject({ Namespace: "n1" });
    expect(await stored((await put({ Job: job }, { namespace: "n2" })).json().JobID)).toMatchObject({
      Namespace: "n2",
    });
    const own = { Job: { ...job, Namespace: "n3" }, Namespace: "n1" };
    expect(await stored((await put(own)).json().JobID)).toMatchObject({ Namespace: "n3" });
  });
  it("records the requester that accepted the job and the client that sent it", async () => {
    const response = await harness.app.inject({
      method: "PUT",
      url: address,
      payload: { Job: { ...job, Meta: { mine: "1" } } },
      headers: { "x-bacalhau-installationid": "inst" },
    });
    expect((await stored(response.json().JobID)).Meta).toMatchObject({
      mine: "1",
      "bacalhau.org/orchestrator.id": "r-bench",
      "client.installation.id": "inst",
    });
  });
});

describe("a submission's warnings", () => {
  it.each([
    ["an unknown field", { Colour: "red" }, /Colour/],
    ["an id", { ID: "j-mine" }, /ID is set by the server/],
    ["a state", { State: { StateType: "Running" } }, /State is set by the server/],
    ["a version", { Version: 3 }, /Version is set by the server/],
    ["reserved meta", { Meta: { "bacalhau.org/x": "1" } }, /bacalhau.org\/x/],
    ["several tasks", { Tasks: [task, task] }, /only one task/],
    [
      "an unknown engine",
      { Tasks: [{ Engine: { Type: "dokcer" } }] },
      /does not know the engine "dokcer", only docker/,
    ],
  ])("name %s", async (_, more, warning) => {
    const response = await put({ Job: { ...job, ...more } });
    expect(response.statusCode).toBe(200);
    expect(response.json().Warnings).toEqual([expect.stringMatching(warning)]);
  });
  it("are none for a whole job as clients serialise it", async () => {
    const whole = {
      ...job,
      ID: "",
      State: { StateType: "Undefined", Message: "" },
      Version: 0,
      Revision: 0,
      CreateTime: 0,
      ModifyTime: 0,
      Constraints: null,
      Meta: null,
    };
    expect((await put({ Job: whole, Force: false, Credential: null })).json().Warnings).toEqual([]);
  });
});

describe("a submission that is built to be slow", () => {
  const many = (count: number, key: (index: number) => string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [key(index), 1]));
  /** All spellings of a word that differ in the case of its letters, up to a number. */
  const spellings = (word: string, count: number) =>
    many(Math.min(count, 2 ** word.length), (bits) =>
      [...word].map((letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)).join(""),
    );
  it.each([
    ["a hundred spellings of one field", { Job: { ...job, ...spellings("createtime", 100) } }, /each field once/],
    ["two spellings of a known field", { Job: { ...job, type: "ops" } }, /"Type" and "type"/],
    ["two spellings of an unknown field", { Job: { ...job, Odd: 1, oDD: 2 } }, /"Odd" and "oDD"/],
    ["two jobs", { Job: job, job }, /"Job" and "job"/],
    [
      "two spellings within a task",
      { Job: { ...job, Tasks: [{ ...task, ENGINE: task.Engine }] } },
      /Tasks\.0: .*ENGINE/,
    ],
    [
      "257 fields",
      { Job: { ...job, ...many(255, (index) => `f${index}`) } },
      /at most 256 fields in an object, got 257/,
    ],
    ["a body of 257 fields", { Job: job, ...many(256, (index) => `f${index}`) }, /at most 256 fields/],
    [
      "1025 labels",
      { Job: { ...job, Labels: many(1025, (index) => `l${index}`) } },
      /Labels: expected at most 1024 entries/,
    ],
    ["20,000 tasks", { Job: { ...job, Tasks: Array.from({ length: 20_000 }, () => 0) } }, /at most 20000 values/],
  ])("is refused: %s", async (_, body, message) => {
    const response = await put(body);
    expect(response.json()).toMatchObject({ Status: 400, Message: expect.stringMatching(message) });
    expect(harness.sim.log.entries).toHaveLength(0);
  });
  it("is not one with 256 labels, some of which differ in case alone", async () => {
    const Labels = many(256, (index) => `${index % 2 ? "v" : "V"}${index >> 1}`);
    const texts = Object.fromEntries(Object.keys(Labels).map((key) => [key, "x"]));
    const { JobID } = (await put({ Job: { ...job, Labels: texts } })).json();
    expect(await stored(JobID)).toMatchObject({ Labels: texts });
  });
  it("is not one with a large inline input", async () => {
    const Source = { Type: "inline", Params: { URL: `data:,${"{[,".repeat(100_000)}` } };
    const withInput = { ...task, InputSources: [{ Source, Target: "/in" }] };
    expect((await put({ Job: { ...job, Tasks: [withInput] } })).statusCode).toBe(200);
  });
  it("has warnings for twenty fields, with truncated names, and the number of the others", async () => {
    const { Warnings } = (
      await put({ Job: { ...job, ...many(100, (index) => `f${index}${"x".repeat(10_000)}`) } })
    ).json();
    expect(Warnings).toHaveLength(21);
    expect(Warnings[20]).toBe("and 80 more");
    expect(JSON.stringify(Warnings).length).toBeLessThan(20 * 200);
  });
  it("lists twenty problems, and the number of the others", async () => {
    const Constraints = Array.from({ length: 200 }, () => 7);
    const problems = String((await put({ Job: { ...job, Constraints } })).json().Message).split("\n");
    expect([problems.length, problems.at(-1)]).toEqual([21, "and 180 more"]);
  });
});

describe("a bad submission", () => {
  const send = (payload: string | Buffer, type = "application/json") =>
    harness.app.inject({ method: "PUT", url: address, payload, headers: { "content-type": type } });

  it.each([
    ["nothing", "", /empty/],
    ["no object", "[1]", /got a list/],
    ["no job", "{}", /empty\/nil job/],
    ["broken JSON", '{"Job":', /not valid JSON/],
    ["broken UTF-8", Buffer.from([0x22, 0xc3, 0x28, 0x22]), /UTF-8/],
    ["a wrong type", '{"Job":{"Type":7,"Tasks":[]}}', /Type/],
    ["an unknown type", '{"Job":{"Type":"odd","Tasks":[{"Engine":{"Type":"noop"}}]}}', /invalid job type/],
    [
      "a bad namespace",
      '{"Job":{"Type":"batch","Namespace":"a.b","Tasks":[{"Engine":{"Type":"noop"}}]}}',
      /invalid namespace/,
    ],
    ["a count that is no number", '{"Job":{"Type":"batch","Count":"x","Tasks":[{"Engine":{"Type":"noop"}}]}}', /Count/],
    ["a huge number", '{"Job":{"Type":"batch","Count":1e400,"Tasks":[{"Engine":{"Type":"noop"}}]}}', /Count/],
  ])("of %s is refused with a reason", async (_, payload, message) => {
    const response = await send(payload);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ Status: 400, Message: expect.stringMatching(message) });
    expect(response.json().RequestID).not.toBe("");
    expect(harness.sim.log.entries).toHaveLength(0);
  });
  it("names every problem, a line each", async () => {
    const response = await put({ Job: { Type: "odd", Count: -1, Tasks: [] } });
    const problems = String(response.json().Message).split("\n");
    expect(problems.length).toBeGreaterThanOrEqual(3);
  });
  it("names the params of known parts that are wrong, with their paths", async () => {
    const Tasks = [{ Engine: { Type: "docker" }, Publisher: { Type: "s3", Params: { Bucket: "b" } } }];
    expect((await put({ Job: { Type: "batch", Tasks } })).json()).toMatchObject({
      ...{ Status: 400, Code: "ValidationError", Component: "APIServer" },
      Message: expect.stringMatching(/Tasks\.0\.Engine\.Params\.Image: .*\nTasks\.0\.Publisher\.Params\.Key: /),
    });
    expect(harness.sim.log.entries).toHaveLength(0);
  });
  it("is refused when it is not JSON", async () => {
    expect((await send("a: b", "application/x-yaml")).statusCode).toBe(415);
    expect((await send("a=b", "application/x-www-form-urlencoded")).statusCode).toBe(415);
  });
  it("is refused when it is compressed", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    expect((await harness.app.inject({ method: "PUT", url: address, payload: "x", headers })).statusCode).toBe(415);
  });
  it("is refused when it is larger than 10 MB", async () => {
    const response = await send(`"${"x".repeat(10 * 1024 * 1024)}"`);
    expect(response.statusCode).toBe(413);
    expect(response.json()).toMatchObject({ Status: 413, Code: "BadRequest" });
  });
  it("cannot change any prototype", async () => {
    const sent =
      '{"__proto__":{"polluted":1},"Job":{"Type":"batch","Labels":{"__proto__":"x"},"Tasks":[{"Engine":{"Type":"noop"}}]}}';
    await send(sent);
    expect({}).not.toHaveProperty("polluted");
  });
});
