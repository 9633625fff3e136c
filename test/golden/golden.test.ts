import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import {
  entries,
  executionsOf,
  foldJob,
  foldNode,
  historyOf,
  jobViews,
  nodeViews,
  type StoredCommit,
} from "@shoal/core";
import { CommitEnvelope, ExecutionEntity, eventKinds, JobEntity, NodeEntity } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";

// Logs as they were written by older versions, a line for each commit. Never edited: what stands in a log stands there for ever.
// A version that writes events in a new way adds a file.
const folder = new URL(".", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));

const Line = z.object({
  aggregate: z.object({ kind: z.enum(["job", "node"]), namespace: z.string(), id: z.string() }),
  seq: z.int(),
  hash: z.string(),
  commit: CommitEnvelope,
});

function corpus(name: string): readonly StoredCommit[] {
  const lines = readFileSync(new URL(name, folder), "utf8").trimEnd().split("\n");
  return lines.map((line) => Line.parse(JSON.parse(line)));
}

const byAggregate = (stored: readonly StoredCommit[]) => [...Map.groupBy(stored, ({ aggregate }) => aggregate.id)];

/** What each aggregate came to when its log was written: state, code, and the states of its executions in order. */
const fates: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "2026-11.jsonl": {
    "n-one": "connected",
    "j-00000000-0000-8000-8000-000000000001": "completed: completed lost completed",
    "j-00000000-0000-8000-8000-000000000002": "failed TASK_INVALID: failed stopped failed",
    "j-00000000-0000-8000-8000-000000000003": "stopped: stopped",
    "j-00000000-0000-8000-8000-000000000004": "failed NO_NODE_FITS:",
    "j-00000000-0000-8000-8000-000000000005": "failed EXECUTION_TIMED_OUT: failed",
    "j-00000000-0000-8000-8000-000000000006": "running: running",
  },
};

function fateOf(stored: readonly StoredCommit[]): string {
  if (stored[0]?.aggregate.kind === "node") return foldNode(stored)?.state ?? "nothing";
  const job = foldJob(stored);
  if (job === undefined) return "nothing";
  const { state, code } = job.header;
  return `${[state, code].join(" ").trim()}: ${executionsOf(job)
    .map((each) => each.state)
    .join(" ")}`.trim();
}

describe.each(files)("the log of %s", (name) => {
  it("folds to what it came to when it was written", () => {
    expect(Object.fromEntries(byAggregate(corpus(name)).map(([id, stored]) => [id, fateOf(stored)]))).toEqual(
      fates[name],
    );
  });
  it("holds events that today's schemas read", () => {
    for (const { commit, seq } of corpus(name)) {
      for (const { type, data } of commit.events) {
        expect(eventKinds.get(type)?.data.safeParse(data).error, `${type} at ${seq}`).toBeUndefined();
        expect(eventKinds.has(type), type).toBe(true);
      }
    }
  });
  it("is chained by hashes", () => {
    for (const [, stored] of byAggregate(corpus(name))) {
      const hashes = ["", ...stored.map((each) => each.hash)];
      expect(stored.map(({ commit }) => commit.prev)).toEqual(hashes.slice(0, -1));
      for (const each of stored) expect(hash("sha256", JSON.stringify(each.commit))).toBe(each.hash);
    }
  });
  it("can be shown and told", () => {
    for (const [, stored] of byAggregate(corpus(name))) {
      const node = stored[0]?.aggregate.kind === "node" ? foldNode(stored) : undefined;
      const job = node === undefined ? foldJob(stored) : undefined;
      const shown = [
        ...(job === undefined ? [] : jobViews.flatMap((view) => entries(view, job))),
        ...(node === undefined ? [] : nodeViews.flatMap((view) => entries(view, node))),
      ];
      for (const { value } of shown) {
        if ("job" in value) JobEntity.parse(value["job"]);
        if ("execution" in value) ExecutionEntity.parse(value["execution"]);
        if ("node" in value) NodeEntity.parse(value["node"]);
      }
      expect(shown.length).toBeGreaterThan(0);
      if (job !== undefined)
        expect(historyOf(stored).map(({ seqNum }) => seqNum)).toEqual(
          stored.flatMap(({ commit }) => commit.events).map((_, index) => index + 1),
        );
    }
  });
});

it("the corpus holds every kind of event", () => {
  const kinds = files.flatMap((name) => corpus(name).flatMap(({ commit }) => commit.events.map(({ type }) => type)));
  expect([...new Set(kinds)].toSorted()).toEqual([...eventKinds.keys()].toSorted());
});
