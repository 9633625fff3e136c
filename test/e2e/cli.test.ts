import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningDevstack, runShoal, startDevstackProcess } from "./run-shoal.ts";

let folder = "";
let devstack: RunningDevstack;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-e2e-"));
  devstack = await startDevstackProcess(join(folder, "data"));
});
afterAll(async () => {
  const code = await devstack.stop();
  await rm(folder, { recursive: true, force: true });
  expect(code).toBe(0);
});

const shoal = (...args: string[]) => runShoal(args, { api: devstack.apiHost, cwd: folder });
const run = (spec: object, ...args: string[]) =>
  runShoal(["job", "run", "-", ...args], { api: devstack.apiHost, cwd: folder, input: JSON.stringify(spec) });

const noop = (params: object, more: object = {}) => ({
  type: "batch",
  tasks: [{ name: "main", engine: { type: "noop", params }, ...more }],
});
const submit = async (spec: object): Promise<string> => (await run(spec, "--id-only")).stdout.trim();

describe("shoal events", () => {
  it("reports the end of the log when the feed is to begin after it, and exits", async () => {
    const { code, stderr } = await shoal("events", "--after", "999999999");
    expect(stderr).toMatch(/of at most \d+, the end of the log, got 999999999/);
    expect(code).toBe(2);
  });
});

describe("shoal job run", () => {
  it("shows the job's events with their reasons until it is over, and what to do next", async () => {
    const { code, stdout } = await run({ name: "shown", ...noop({ RunSeconds: 0.2 }) });
    expect(stdout).toMatch(/^Job successfully submitted\. Job ID: j-[0-9a-f-]{36}$/m);
    expect(stdout).toMatch(/^TIME +EXEC\. ID +TOPIC +EVENT$/m);
    expect(stdout).toMatch(/requested on node-\d; .*node-\d bid/);
    expect(stdout).toMatch(/State Update +Completed successfully/);
    expect(stdout).toContain("shoal job describe j-");
    expect(code).toBe(0);
  });

  it("prints the job as the API has it with --output json", async () => {
    const { code, stdout } = await run(noop({}), "--output", "json");
    expect(JSON.parse(stdout)).toMatchObject({ Job: { Type: "batch", State: { StateType: "Completed" } } });
    expect(code).toBe(0);
  });

  it("exits with a specific code when the job fails", async () => {
    const { code, stdout } = await run(noop({ FailWith: "the noop was configured to fail" }));
    expect(stdout).toContain("the noop was configured to fail");
    expect(code).toBe(9);
  });

  it("shows the output with --follow", async () => {
    const { code, stdout } = await run(noop({ Stdout: "hello from a task\n" }), "--follow");
    expect(stdout).toContain("hello from a task");
    expect(code).toBe(0);
  });

  it.each([
    ["an unknown field", { ...noop({}), retries: 3 }, "unknown field: 'retries' in 'Job'"],
    ["a missing engine", { type: "batch", tasks: [{ name: "main" }] }, "Engine"],
    ["an unknown type", { ...noop({}), type: "cron" }, "batch ops service daemon"],
  ])("refuses a job with %s", async (_, spec, why) => {
    const { code, stdout, stderr } = await run(spec);
    expect(stderr).toMatch(/^Error: .*/);
    expect(stderr).toContain(why);
    expect(stderr).toContain("Hint:");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("refuses a file whose aliases expand to gigabytes", async () => {
    const bombs = [
      [Array.from({ length: 500_000 }, (_, n) => `k${n}: 1`).join("\n"), /50000 YAML tokens/],
      ["- ".repeat(4_000_000), /32 levels/],
      [`a: &a ${"x".repeat(1_000_000)}\nb: [${"*a,".repeat(90)}]`, /10000000 characters/],
    ] as const;
    for (const [bomb, why] of bombs) {
      await writeFile(join(folder, "bomb.yaml"), bomb);
      const { code, stderr } = await shoal("job", "run", "bomb.yaml");
      expect(stderr).toMatch(why);
      expect(code).toBe(2);
    }
  });

  it("names a missing file", async () => {
    const { code, stderr } = await shoal("job", "run", "nothing.yaml");
    expect(stderr).toContain("nothing.yaml: no such file");
    expect(code).toBe(2);
  });
});

describe("looking at jobs", () => {
  it("lists and describes jobs, and prints executions and history", async () => {
    const id = await submit({ name: "looked-at", count: 2, ...noop({ Stdout: "said\n" }) });
    await shoal("job", "logs", id, "--follow");
    const short = id.slice(0, 10);
    const list = await shoal("job", "list");
    expect(list.stdout).toMatch(new RegExp(`^\\d+s ago +${short} +looked-at +noop +batch +\\w+$`, "m"));
    const jobs: unknown = JSON.parse((await shoal("job", "list", "--output", "json")).stdout);
    // The newest first.
    expect(Array.isArray(jobs) ? jobs[0] : jobs).toMatchObject({ ID: id, Name: "looked-at" });
    const described = await shoal("job", "describe", short);
    expect(described.stdout).toContain(`= ${id}`);
    expect(described.stdout).toContain("Job submitted");
    const executions = await shoal("job", "executions", "looked-at");
    expect(executions.stdout.trim().split("\n")).toHaveLength(3);
    const history: unknown = JSON.parse((await shoal("job", "history", id, "--output", "json")).stdout);
    expect(history).toEqual(expect.arrayContaining([expect.objectContaining({ SeqNum: 1, Type: "JobLevel" })]));
  });

  it("reports an unknown job", async () => {
    const { code, stderr } = await shoal("job", "describe", "j-00000000-0000-8000-8000-000000000000");
    expect(stderr).toMatch(/^Error: /);
    expect(code).toBe(4);
  });

  it("stops a job, and refuses to stop one that has completed", async () => {
    const id = await submit(noop({ RunSeconds: 600 }));
    expect(await shoal("job", "stop", id)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("successfully stopped"),
    });
    expect((await shoal("job", "describe", id)).stdout).toMatch(/State +=? *Stopped/);
    const over = await submit(noop({}));
    await shoal("job", "logs", over, "--follow");
    const stopping = await shoal("job", "stop", await submit(noop({ RunSeconds: 600 })), "--output", "json");
    expect(JSON.parse(stopping.stdout)).toHaveProperty("EvaluationID");
    expect(await shoal("job", "stop", over)).toMatchObject({ code: 5 });
  });

  it("shows the output of a job", async () => {
    const id = await submit(noop({ Stdout: "one line\n" }));
    const { code, stdout } = await shoal("job", "logs", id, "--follow");
    expect(stdout).toBe("one line\n");
    expect(code).toBe(0);
  });

  it("downloads results into a folder of the job, and refuses to write into an existing one", async () => {
    const id = await submit({ name: "with-results", ...noop({ Stdout: "kept\n" }, { publisher: { type: "nats" } }) });
    await shoal("job", "logs", id, "--follow");
    const got = await shoal("job", "get", "with-results");
    expect(got.stdout).toContain("Results for job 'with-results' have been written to...");
    expect(await readFile(join(folder, "job-with-results", "stdout"), "utf8")).toBe("kept\n");
    expect(await readFile(join(folder, "job-with-results", "exitCode"), "utf8")).toMatch(/^0/);
    const small = await shoal("job", "get", "with-results", "--max-size", "1kB", "--output-dir", "small");
    expect(small).toMatchObject({ code: 2, stderr: expect.stringContaining("increase --max-size") });
    expect(existsSync(join(folder, "small"))).toBe(false);
    expect(await shoal("job", "get", "with-results")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("already exists"),
    });
    expect(existsSync(join(folder, "job-with-results", "stdout"))).toBe(true);
  });
});

describe("the cluster", () => {
  it("lists its nodes", async () => {
    const { code, stdout } = await shoal("node", "list");
    for (const name of ["node-0", "node-1", "node-2"])
      expect(stdout).toMatch(new RegExp(`^${name} +Compute +APPROVED +Connected`, "m"));
    expect(code).toBe(0);
    expect((await shoal("node", "describe", "node-1")).stdout).toMatch(/Engines +=? *.*noop/);
  });

  it("is the same at every requester", async () => {
    const id = await submit(noop({}));
    for (const api of devstack.api) {
      expect(await runShoal(["job", "describe", id], { api })).toMatchObject({ code: 0 });
    }
  });

  it("prints its version, and reports an address without a requester", async () => {
    expect((await shoal("version")).stdout).toMatch(/^Shoal v\d+\.\d+\.\d+, API of Bacalhau v\d+\.\d+\.\d+ /);
    const { code, stderr } = await shoal("job", "list", "--api-host", "http://127.0.0.1:1");
    expect(stderr).toContain("no requester is reachable");
    expect(code).toBe(7);
  });

  it("rebuilds views beside the requester that owns them, and lists the known views", async () => {
    const { code, stdout } = await shoal("rebuild", "jobs", "open", "--data-dir", devstack.dataDir);
    expect(stdout).toMatch(
      /\d+ entries written, 0 removed, \d+ unchanged; the views follow the log up to position \d+/,
    );
    expect(code).toBe(0);
    const unknown = await shoal("rebuild", "leases", "--data-dir", devstack.dataDir);
    expect(unknown.stderr).toMatch(/expected views among .*jobs.*, got "leases"/);
    expect(unknown.code).toBe(2);
  });

  it("replays its log into the same views", async () => {
    const { code, stdout } = await shoal("replay", "--data-dir", devstack.dataDir);
    expect(stdout).toMatch(/identical/);
    expect(code).toBe(0);
  });
});
