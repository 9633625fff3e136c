import { MessageChannel, type MessagePort } from "node:worker_threads";
import { afterEach, expect, it } from "vitest";
import { chunkLimits } from "./chunk.ts";
import type { Judge } from "./judge.ts";
import { JudgeApart } from "./judge-apart.ts";
import { serveJudge } from "./judge-port.ts";

const open: MessagePort[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

function channel(ended: Promise<unknown> = new Promise(() => {})) {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  return { judge: new JudgeApart(port1, ended), port: port2 };
}

const findings = {
  log: {
    counts: { commits: 1, events: 2, jobs: 3, nodes: 4 },
    problems: { count: 0, first: [] },
    foreign: { count: 0, first: [] },
  },
  views: { entries: { jobs: 5 }, suspects: [] },
} as const;

/** Writes down what it is told. */
function recorder(): { readonly judge: Judge; readonly told: string[] } {
  const told: string[] = [];
  const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? "gone" : Buffer.from(bytes).toString());
  const judge = {
    commit: ({ subject, seq, bytes, appended }) =>
      void told.push(`${seq} ${subject} ${appended ? "appended " : ""}${text(bytes)}`),
    async endOfLog() {
      told.push("end of log");
      return findings.log;
    },
    begins: (bucket) => void told.push(`begins ${bucket}`),
    kept: (bucket, key, bytes) => void told.push(`${bucket} ${key} ${text(bytes)}`),
    async endOfViews() {
      told.push("end of views");
      return findings.views;
    },
    room: () => undefined,
  } satisfies Judge;
  return { judge, told };
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
/** So large that three of them fill a chunk. */
const third = new Uint8Array(chunkLimits.bytes / 3 - 100);
// Far more than it may ask for.
const givenMax = 10 * chunkLimits.inFlight;

/** Gives it commits until it has no room; says how many. */
function fill(judge: Judge): number {
  for (let given = 0; given < givenMax; given++) {
    if (judge.room() !== undefined) return given;
    judge.commit({ subject: "s", seq: given, bytes: third, appended: true });
  }
  return givenMax;
}

it("passes everything on in the order in which it was given, and the findings back", async () => {
  const { judge, port } = channel();
  const there = recorder();
  serveJudge(port, there.judge);
  const many = Array.from({ length: 20_000 }, (_, index) => {
    const appended = index % 2 === 0 ? "appended " : "";
    return `${index + 1} shoal.evt.1.job.default.j-${index % 7} ${appended}body`;
  });
  for (const [index] of many.entries())
    judge.commit({
      subject: `shoal.evt.1.job.default.j-${index % 7}`,
      seq: index + 1,
      bytes: bytesOf("body"),
      appended: index % 2 === 0,
    });
  expect(await judge.endOfLog()).toEqual(findings.log);
  judge.begins("jobs");
  judge.kept("jobs", "a", bytesOf("one"));
  judge.begins("jobs");
  judge.kept("jobs", "a", bytesOf("two"));
  judge.kept("jobs", "b", undefined);
  judge.begins("nodes");
  judge.kept("nodes", "n", bytesOf("three"));
  expect(await judge.endOfViews()).toEqual(findings.views);
  expect(there.told).toEqual([
    ...many,
    "end of log",
    ...["begins jobs", "jobs a one", "begins jobs", "jobs a two", "jobs b gone", "begins nodes", "nodes n three"],
    "end of views",
  ]);
});

it("has no room while as many chunks as are allowed are not done", async () => {
  const { judge, port } = channel();
  const given = fill(judge);
  // The one that makes a chunk too full begins the next.
  expect(given).toBe(3 * chunkLimits.inFlight + 1);
  const room = judge.room();
  port.postMessage({ say: "done" });
  await room;
  expect(judge.room()).toBeUndefined();
});

it("refuses what is waited for, and all that comes after, when the other side is no more", async () => {
  const ended = Promise.withResolvers<unknown>();
  const { judge } = channel(ended.promise);
  fill(judge);
  const waited = [judge.room(), judge.endOfLog()];
  ended.resolve(new Error("it died"));
  for (const each of waited) await expect(each).rejects.toThrow("it died");
  await expect(judge.room()).rejects.toThrow("it died");
  await expect(judge.endOfViews()).rejects.toThrow("it died");
});
