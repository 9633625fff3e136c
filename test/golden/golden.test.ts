import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import {
  entries,
  eventsOf,
  foldAggregate,
  foldJob,
  historyOf,
  isCommit,
  kinds,
  type StoredCommit,
  type View,
} from "@shoal/core";
import { messageReader } from "@shoal/nats";
import { ExecutionEntity, JobEntity, NodeEntity, subjectOf } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { expectedStateOf, writeLog } from "../../scripts/golden/corpus.ts";
import { traces } from "../../scripts/golden/traces.ts";

// Logs as older versions wrote them: a folder for each release, a file for each scenario, a raw message of the stream EVENTS on each
// line. The corpus of a release is never edited, because logs keep such messages. To write a corpus: docs/recipes/add-an-event.md.
const folder = new URL(".", import.meta.url);
const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".jsonl"))
  .map((name) => name.slice(0, -".jsonl".length));

const Line = z.object({
  seq: z.int(),
  subject: z.string(),
  headers: z.record(z.string(), z.string()),
  data: z.base64(),
});

const textOf = (name: string) => readFileSync(new URL(name, folder), "utf8");
const linesOf = (name: string) =>
  textOf(`${name}.jsonl`)
    .trimEnd()
    .split("\n")
    .map((line) => Line.parse(JSON.parse(line)));
const bytesOf = ({ data }: z.infer<typeof Line>): Buffer => Buffer.from(data, "base64");

const read = messageReader(kinds);

function corpus(name: string): readonly StoredCommit[] {
  return linesOf(name).map((line) => {
    const found = read({ subject: line.subject, seq: line.seq, bytes: bytesOf(line) });
    return isCommit(found) ? found : expect.unreachable(`${line.subject} at ${line.seq}: ${found.why}`);
  });
}

const kindOf = (stored: readonly StoredCommit[]) => kinds.get(stored[0]?.aggregate.kind ?? "");
const entitySchemas = { job: JobEntity, execution: ExecutionEntity, node: NodeEntity };

describe.each(names)("the log of %s", (name) => {
  it("folds to the state of the version that wrote it", () => {
    const stored = corpus(name);
    expect(new Set(stored.map(({ aggregate }) => subjectOf(aggregate))).size).toBe(1);
    expect(`${expectedStateOf(kindOf(stored), foldAggregate(kindOf(stored), stored).state)}\n`).toBe(
      textOf(`${name}.txt`),
    );
  });
  it("has events that match today's schemas after their lifts", () => {
    const known = eventsOf(kinds);
    for (const { commit, seq } of corpus(name)) {
      for (const { type, v, data } of commit.events) {
        expect(known.get(type)?.version, `${type} at ${seq}`).toBe(v);
        expect(known.get(type)?.data.safeParse(data).error, `${type} at ${seq}`).toBeUndefined();
      }
    }
  });
  it("is chained by the hashes of its bytes, and each message has the id of its commit", () => {
    const lines = linesOf(name);
    const hashes = ["", ...lines.map((line) => hash("sha256", bytesOf(line)))];
    const commits = lines.map((line) => JSON.parse(bytesOf(line).toString()));
    expect(commits.map(({ prev }) => prev)).toEqual(hashes.slice(0, -1));
    expect(commits.map(({ id }) => id)).toEqual(lines.map(({ headers }) => headers["Nats-Msg-Id"]));
  });
  it("has a history and event texts", () => {
    const stored = corpus(name);
    const kind = kindOf(stored);
    const { state } = foldAggregate(kind, stored);
    const shown = kind.views.flatMap((view: View<unknown>) => entries(view, state));
    for (const { value } of shown) {
      for (const [field, schema] of Object.entries(entitySchemas)) if (field in value) schema.parse(value[field]);
    }
    const trace = kind.name === "job" && foldJob(stored) !== undefined ? historyOf(stored) : [];
    expect(trace.map(({ seqNum }) => seqNum)).toEqual(trace.map((_, index) => index + 1));
    expect(trace.length > 0).toBe(kind.name === "job");
  });
});

it("the corpora have every event in its current version", () => {
  const written = names.flatMap((name) =>
    linesOf(name).flatMap((line) =>
      z
        .object({ events: z.array(z.object({ type: z.string(), v: z.int() })) })
        .parse(JSON.parse(bytesOf(line).toString()))
        .events.map(({ type, v }) => `${type} ${v}`),
    ),
  );
  const missing = [...eventsOf(kinds).values()]
    .map(({ name, version }) => `${name} ${version}`)
    .filter((each) => !written.includes(each));
  expect(missing, "add them to a trace of scripts/golden/traces.ts, and run npm run golden").toEqual([]);
});

it.each(Object.entries(traces))("decided and stored commits of %s fold to the same aggregate", (name, trace) => {
  const { states } = writeLog(name, trace);
  expect(states.stored).toEqual(states.decided);
});
