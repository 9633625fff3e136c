import type { Report } from "@shoal/proto";
import { expect, it } from "vitest";
import type { NatsSession } from "../connection/nats-session.ts";
import type { PublishOutcome } from "../connection/publish-outcome.ts";
import { createReportSender } from "./report-sender.ts";

const report: Report = { at: 1, namespace: "default", number: 1, saw: { kind: "running", startedAt: 1 } };

/** The outcome of a report for an answer of the publisher. */
async function sent(outcome: PublishOutcome): Promise<unknown> {
  const published: unknown[] = [];
  const session = {
    publisher: {
      publish: async (publication: object) => {
        published.push(publication);
        return outcome;
      },
    },
  } as unknown as NatsSession;
  const sending = createReportSender(session, "n1").send({ jobId: "j-1", executionId: "e-1", report });
  const end = await sending.then(
    () => "sent",
    (failure: unknown) => failure,
  );
  // The outbox repeats the report, with the state of that time.
  expect(published).toMatchObject([{ subject: expect.stringMatching(/^shoal\.rpt\.\d+\.n1\.j-1\.e-1$/) }]);
  expect(published[0]).not.toHaveProperty("headers");
  return end;
}

const retried = { code: "LOG_UNREACHABLE", message: expect.stringContaining("reporting running of e-1") };

it.each<readonly [string, PublishOutcome, unknown]>([
  ["that is stored", { state: "stored", seq: 7, duplicate: false }, "sent"],
  ["that is called a duplicate", { state: "stored", seq: 7, duplicate: true }, expect.objectContaining(retried)],
  ["whose outcome is unknown", { state: "unknown", why: "lost" }, expect.objectContaining(retried)],
  ["that was not answered", { state: "unknown", why: "late", cause: "unanswered" }, expect.objectContaining(retried)],
  ["for which there is no room", { state: "unknown", why: "full", cause: "full" }, expect.objectContaining(retried)],
  ["that was not sent", { state: "unsent", why: "no connection" }, expect.objectContaining(retried)],
  ["with a conflict", { state: "conflict", why: "odd" }, expect.objectContaining(retried)],
  [
    "that is refused",
    { state: "refused", code: 10054, why: "too large" },
    expect.objectContaining({ code: "LOG_UNSUITABLE", message: expect.stringContaining("too large") }),
  ],
])("a report %s", async (_, outcome, expected) => {
  expect(await sent(outcome)).toEqual(expected);
});
