import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { grow, someCommit, someJob } from "@shoal/core/testing/contracts";
import { systemClock, systemRandom } from "@shoal/node";
import { subjectOf } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectRequester, type NatsRequesterPorts } from "../requester-ports.ts";
import { permissionsOfObserver, permissionsOfRequester } from "../rights/rights.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { hashOf } from "./commit-codec.ts";

const page = readFileSync(new URL("../../../../docs/notes/reading-the-log.md", import.meta.url), "utf8");
const blocksOf = (language: string): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)\n\`\`\`$`, "gm"))].map(([, text = ""]) => text);

// The folder from which the program's imports are resolved.
const cwd = fileURLToPath(new URL("../..", import.meta.url));
const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

it("the page's example of the hash is correct", () => {
  const [first = "", second = ""] = blocksOf("json");
  const { prev } = JSON.parse(second);
  expect(hashOf(Buffer.from(first))).toBe(prev);
  expect(page).toContain(`hash \`${prev}\``);
  expect(page).toContain(`of ${Buffer.byteLength(first)} bytes`);
});

it.skipIf(!has("jq"))("the page's filter of jq names who stopped what (needs jq)", () => {
  const [shell = ""] = blocksOf("sh");
  const [, filter = ""] = /jq -r '(.*)'/.exec(shell) ?? [];
  const other = JSON.stringify(someCommit({ seq: 0, hash: "" }));
  const { stdout } = spawnSync("jq", ["-r", filter], {
    input: [other, ...blocksOf("json")].join("\n"),
    encoding: "utf8",
  });
  const line = "2026-01-01T00:00:00Z\tclient\talice\tq-1\n";
  expect(stdout).toBe(line + line);
});

onServer(() => {
  const pass = "secret";
  const users = [
    { user: "requester", password: pass, rights: permissionsOfRequester() },
    { user: "auditor", password: pass, rights: permissionsOfObserver("auditor") },
  ];
  let harness: NatsHarness;
  let requester: NatsRequesterPorts;
  let expected: readonly string[] = [];
  beforeAll(async () => {
    harness = await natsHarness({ users, topology: false });
    const servers = [harness.server().url];
    requester = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      ...{ servers, user: "requester", pass, requesterId: "r1", replicas: 1 },
      onParked: () => {},
    });
    const [one, other] = [someJob(), someJob("blue")];
    // More than the program requests at once.
    await grow(requester.log, one, 700);
    await grow(requester.log, other, 3);
    const lines = (id: string, count: number) => Array.from({ length: count }, () => `${id} JobQueued 1 r`);
    expected = [...lines(one.id, 700), ...lines(other.id, 3)];
  });
  afterAll(async () => {
    await requester?.close();
    await harness?.close();
  });

  function run(program: string, args: readonly string[]) {
    const { port, url } = harness.server();
    const env = {
      NATS_URL: url,
      NATS_HOST: "127.0.0.1",
      NATS_PORT: `${port}`,
      NATS_USER: "auditor",
      NATS_PASSWORD: pass,
    };
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd,
      env: { ...process.env, ...env },
      encoding: "utf8",
      timeout: 60_000,
    });
    return { status, stderr, lines: stdout.trimEnd().split("\n") };
  }

  const programs: readonly (readonly [string, string, readonly string[]])[] = [
    ["Node", process.execPath, ["--input-type=module", "-e", blocksOf("js")[0] ?? ""]],
    ["Python", "python3", ["-c", blocksOf("python")[0] ?? ""]],
  ];
  for (const [name, program, args] of programs) {
    it.skipIf(!has(program))(`the page's program in ${name} reads the log with an observer's rights`, () => {
      expect(run(program, args)).toEqual({ status: 0, stderr: "", lines: expected });
    });
  }

  describe("where the chain of hashes is broken", () => {
    const job = someJob();
    const broken = someCommit({ seq: 0, hash: "0".repeat(64) });
    beforeAll(async () => {
      const bytes = Buffer.from(JSON.stringify(broken));
      await requester.session.publisher.publish({ subject: subjectOf(job), bytes });
    });
    for (const [name, program, args] of programs) {
      it.skipIf(!has(program))(`the page's program in ${name} fails`, () => {
        const { status, stderr } = run(program, args);
        expect(status).not.toBe(0);
        expect(stderr).toContain(`the chain of ${subjectOf(job)} is broken at ${broken.id}`);
      });
    }
  });
});
