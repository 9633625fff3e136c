import { noStreamPosition } from "@shoal/core";
import { encodeEntry } from "@shoal/nats";
import { JobSubmitted, subjectOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runWith } from "../../apps/cli/src/testing/fake-requester.ts";
import { harnessSpec } from "../../services/requester/src/testing/api-harness.ts";
import { type LogOnServer, logOnServer } from "../../services/requester/src/testing/log-on-server.ts";
import { jobIdOf, jobRef, steps } from "../../services/requester/src/testing/sample-jobs.ts";

const [good, other] = [jobIdOf(1), jobIdOf(2)];

/** A manual change of a cluster's data, the exit code of the next replay, and its output. */
const cases: readonly (readonly [
  what: string,
  spoil: (log: LogOnServer) => Promise<unknown>,
  exit: number,
  line: RegExp,
])[] = [
  ["that is whole", async () => undefined, 0, /^identical, byte for byte$/m],
  [
    "of which an entry of a view was overwritten",
    async ({ ports }) => {
      const key = `default.${good}`;
      const entry = (await ports.views.jobs.get(key)) ?? expect.unreachable();
      const bytes = encodeEntry({ ...entry, odd: true });
      return await ports.session.publisher.publish({ subject: `$KV.jobs.${key}`, bytes });
    },
    1,
    /^1 entries differ:$/m,
  ],
  [
    "whose chain of hashes is broken",
    async ({ append }) => {
      const first = await append(
        jobRef(other),
        noStreamPosition,
        JobSubmitted.of({ jobId: other, spec: harnessSpec(), version: 1 }),
      );
      return await append(jobRef(other), { ...first, hash: "0".repeat(64) }, steps.assigned(other));
    },
    8,
    /^1 problems in the log:$/m,
  ],
  [
    "with an unreadable message",
    async ({ ports }) => {
      const headers = { "Nats-Msg-Id": "as an append has it" };
      const bytes = new TextEncoder().encode("no commit");
      return await ports.session.publisher.publish({ subject: subjectOf(jobRef(other)), bytes, headers });
    },
    8,
    /^1 messages cannot be read/m,
  ],
];

describe("shoal replay of a log", () => {
  let log: LogOnServer;
  beforeEach(async () => {
    log = await logOnServer();
    await log.live(good);
  });
  afterEach(() => log.close());

  it.each(cases)("%s ends with its exit code, as text and as JSON", async (...[, spoil, exit, line]) => {
    await spoil(log);
    const args = ["replay", "--nats", log.server.url];
    const text = await runWith({}, args);
    expect([text.code, text.out]).toEqual([exit, expect.stringMatching(line)]);
    const json = await runWith({}, [...args, "--output", "json"]);
    expect([json.code, JSON.parse(json.out)]).toMatchObject([exit, { ok: exit === 0 }]);
  });

  it("exits with 8 when the anchor is missing", async () => {
    const { code, out } = await runWith({}, ["replay", "--nats", log.server.url, "--expect", `1:${"0".repeat(64)}`]);
    expect([code, out]).toEqual([8, expect.stringContaining("1 problems in the log")]);
  });

  it("and a clean rebuild exit with 0, one with an unreadable aggregate with 8", async () => {
    const rebuild = () => runWith({}, ["rebuild", "jobs", "--nats", log.server.url]);
    expect(await rebuild()).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^0 entries written, 0 removed, 1 unchanged/),
    });
    await cases[3]?.[1](log);
    expect(await rebuild()).toMatchObject({ code: 8, out: expect.stringContaining("1 aggregates cannot be read") });
    const unknown = await runWith({}, ["rebuild", "job", "--nats", log.server.url]);
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('"job"') });
  });
});
