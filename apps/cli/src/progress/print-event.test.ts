import type { FeedEvent } from "@shoal/client";
import { expect, it } from "vitest";
import { printEvent, progressHeading } from "./print-event.ts";

const execution = "e-12345678-0000-8000-8000-000000000001";

function event(type: string, data: Record<string, unknown>): FeedEvent {
  const time = "2026-01-01T12:30:00.250Z";
  const cloudEvent = { specversion: "1.0", id: "1.0", source: "/r", type: `shoal.${type}`, time, data };
  return { id: "1.0", seq: 1, index: 0, type, cloudEvent: { ...cloudEvent, subject: "jobs/default/j-1" } };
}

function printed(given: FeedEvent, { about = false, colours = false } = {}): string {
  const out: string[] = [];
  const terminal = { out: (text: string) => void out.push(text), err: () => expect.unreachable(), isPerson: false };
  printEvent({ ...terminal, colours }, given, { about });
  return out.join("");
}

it("an event is one line under the heading, with its job in a feed of several jobs", () => {
  expect(progressHeading).toBe("TIME          EXEC. ID    TOPIC               EVENT\n");
  const queued = event("JobQueued", { Why: "no node\nfits", Answers: [] });
  expect(printed(queued)).toBe("12:30:00.250              Queueing            Job queued. no node fits\n");
  expect(printed(queued, { about: true })).toBe(
    "12:30:00.250  j-1                     Queueing            Job queued. no node fits\n",
  );
  expect(printed(event("ExecutionFailed", { ExecutionID: execution, Code: "X", Why: "enough" }))).toBe(
    "12:30:00.250  e-12345678  Execution           Error: enough (X); not retried\n",
  );
});

it.each([
  ["JobQueued", { Why: "no node fits", Answers: [] }, 33],
  ["JobFailed", { Code: "X", Why: "enough" }, 31],
  ["JobCompleted", {}, 32],
])("%s has the colour of its outcome", (type, data, code) => {
  const line = printed(event(type, data), { colours: true });
  const codes = line.split("\u001b[").map((text) => text.slice(0, text.indexOf("m")));
  expect(codes).toEqual(["", "2", "22", `${code}`, "39"]);
});
