/** A request that is refused before it becomes a job. */
export interface RefusedRequest {
  readonly name: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  /** The message of the response. */
  readonly summary: RegExp;
}

/** A valid job except for these fields. */
export const jobWith = (job: object, task: object = {}): string =>
  JSON.stringify({ Job: { Type: "batch", Tasks: [{ Name: "main", Engine: { Type: "noop" }, ...task }], ...job } });

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));
// More levels than any parser's stack holds.
const deepLevels = 100_000;
// 10 MiB is Bacalhau's limit of a body.
const tooManyBytes = 11 * 2 ** 20;
// Four times the limit of a spec's lists and maps, plus one.
const manyEntries = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, "value"]));

const refused = (name: string, body: RefusedRequest["body"], summary: RegExp): RefusedRequest => ({
  name,
  body,
  summary,
  status: 400,
});

const wrongTypes: readonly RefusedRequest[] = [
  refused("a count in words", jobWith({ Count: "three" }), /Count/),
  refused("a fractional count", jobWith({ Count: 1.5 }), /whole number/),
  refused("a negative count", jobWith({ Count: -1 }), />= 0/),
  refused("a count above the limit", jobWith({ Count: 10_001 }), /10000/),
  refused("a count beyond the range of numbers", '{"Job":{"Type":"batch","Count":1e400,"Tasks":[]}}', /Count/),
  refused("tasks that are a text", jobWith({ Tasks: "main" }), /Tasks/),
  refused("no tasks", jobWith({ Tasks: [] }), /missing job tasks/),
  refused("a task that is a list", jobWith({ Tasks: [[]] }), /Tasks\[0\]|Tasks\.0/),
  refused("no job type", jobWith({ Type: undefined }), /missing job type/),
  refused("an unknown job type", jobWith({ Type: "cron" }), /batch ops service daemon/),
  refused("no engine", jobWith({}, { Engine: undefined }), /Engine: expected object, got nothing/),
  refused("an engine without a type", jobWith({}, { Engine: { Type: "" } }), /missing spec type/),
  refused("labels that are a list", jobWith({ Labels: ["a", "b"] }), /Labels/),
  refused("a label that is a number", jobWith({ Labels: { a: 1 } }), /Labels/),
  refused("a priority in words", jobWith({ Priority: "high" }), /Priority/),
  refused("an unknown operator", jobWith({ Constraints: [{ Key: "a", Operator: "~" }] }), /Operator/),
];

const wrongValues: readonly RefusedRequest[] = [
  refused("cores in words", jobWith({}, { Resources: { CPU: "lots" } }), /invalid resources/),
  refused("negative memory", jobWith({}, { Resources: { Memory: "-1Gb" } }), /invalid resources/),
  refused("a negative timeout", jobWith({}, { Timeouts: { ExecutionTimeout: -1 } }), /0 or more seconds/),
  refused("a timeout in words", jobWith({}, { Timeouts: { TotalTimeout: "1h" } }), /whole seconds/),
  refused("timeouts that do not fit", jobWith({}, { Timeouts: { ExecutionTimeout: 9, TotalTimeout: 3 } }), /more than/),
  refused("a namespace with ..", jobWith({ Namespace: "../other" }), /invalid namespace/),
  refused("a namespace that means all", jobWith({ Namespace: "*" }), /invalid namespace/),
  refused("a namespace of two subject tokens", jobWith({ Namespace: "a.b" }), /invalid namespace/),
  refused("a name with control characters", jobWith({ Name: "\u001b[2J\u0007gone" }), /control character/),
  refused("a name with a null character", jobWith({ Name: "a\u0000b" }), /null character|control character/),
  refused("a very long name", jobWith({ Name: "n".repeat(10_000) }), /Name/),
  refused("a task's name with a line end", jobWith({}, { Name: "main\nmain" }), /control character/),
  refused("a variable that the node sets", jobWith({}, { Env: { SHOAL_JOB_ID: "mine" } }), /set by the node/),
  refused("a variable in lower case", jobWith({}, { Env: { path: "/" } }), /upper-case/),
  refused(
    "results without a publisher",
    jobWith({}, { ResultPaths: [{ Name: "out", Path: "/out" }] }),
    /publisher must be set/,
  ),
  refused(
    "a result path that is relative",
    jobWith({}, { ResultPaths: [{ Name: "out", Path: "../out" }] }),
    /absolute path/,
  ),
  refused("labels by the thousand", jobWith({ Labels: manyEntries }), /256/),
  refused(
    "variables by the thousand",
    jobWith({}, { Env: Object.fromEntries(Object.keys(manyEntries).map((key) => [key.toUpperCase(), "1"])) }),
    /256/,
  ),
  refused(
    "constraints by the thousand",
    jobWith({ Constraints: Object.keys(manyEntries).map((Key) => ({ Key, Operator: "exists" })) }),
    /256/,
  ),
];

const withSource = (Type: string, Params: object): string =>
  jobWith({}, { InputSources: [{ Source: { Type, Params }, Target: "/in" }] });

const wrongParams: readonly RefusedRequest[] = [
  refused(
    "a wrong param of the engine",
    jobWith({}, { Engine: { Type: "noop", Params: { RunSeconds: "long" } } }),
    /Tasks\.0\.Engine\.Params\.RunSeconds/,
  ),
  refused("an unknown param of the engine", jobWith({}, { Engine: { Type: "noop", Params: { Sudo: true } } }), /Sudo/),
  refused(
    "a container without an image",
    jobWith({}, { Engine: { Type: "docker" } }),
    /Tasks\.0\.Engine\.Params\.Image/,
  ),
  refused("a path of the node with ..", withSource("local", { SourcePath: "/a/../b" }), /must not contain "\.\."/),
  refused(
    "a path of the node with a null character",
    withSource("local", { SourcePath: "/a\u0000/x" }),
    /absolute path/,
  ),
  refused("an input that is not a data URI", withSource("inline", { URL: "https://example.test/x" }), /data: URI/),
  refused(
    "an input that is not base64",
    withSource("inline", { URL: "data:;base64,!!!" }),
    /does not have the encoding/,
  ),
];

const noJson: readonly RefusedRequest[] = [
  refused("nothing", "", /empty body/),
  refused("half of a JSON text", '{"Job":{"Type":"batch"', /not valid JSON/),
  refused("a body that is not JSON", "<Job/>", /not valid JSON/),
  refused("a list", "[]", /got a list/),
  refused("a number", "17", /got a number/),
  refused("null", "null", /body/),
  refused("a body without a job", '{"Task":{}}', /empty\/nil job/),
  refused("broken UTF-8", Uint8Array.of(0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d), /not valid UTF-8/),
  refused("UTF-16", new Uint8Array(Buffer.from(jobWith({}), "utf16le")), /not valid/),
  refused("deeply nested lists", "[".repeat(deepLevels), /at most 20000 values/),
  refused(
    "deeply nested params",
    `{"Job":{"Type":"batch","Tasks":[{"Engine":{"Type":"noop","Params":${'{"a":'.repeat(deepLevels)}1${"}".repeat(deepLevels)}}}]}}`,
    /at most 20000 values/,
  ),
  refused(
    "a very long token",
    JSON.stringify({ ...JSON.parse(jobWith({})), IdempotencyToken: "t".repeat(1000) }),
    /IdempotencyToken/,
  ),
  {
    name: "a body declared as text",
    body: utf8(jobWith({})),
    headers: { "content-type": "text/plain" },
    status: 415,
    summary: /unsupported request body/,
  },
  {
    name: "a form",
    body: "Job=batch",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    status: 415,
    summary: /unsupported request body/,
  },
  {
    name: "a body declared as compressed",
    body: utf8(jobWith({})),
    headers: { "content-encoding": "gzip" },
    status: 415,
    summary: /without content encoding/,
  },
  { name: "a body above the limit", body: " ".repeat(tooManyBytes), status: 413, summary: /size limit exceeded/ },
  {
    name: "a spec too large for a commit of the log",
    body: jobWith({}, { Engine: { Type: "noop", Params: { Stdout: "x".repeat(2 ** 20) } } }),
    status: 413,
    summary: /524288 bytes/,
  },
];

export const refusedRequests: readonly RefusedRequest[] = [...wrongTypes, ...wrongValues, ...wrongParams, ...noJson];
