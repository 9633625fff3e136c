import type { ServerResponse } from "node:http";
import { Fault } from "@shoal/core";
import { apiRoutes, eventKinds, type QueryOf } from "@shoal/proto";
import { findJob } from "../../reads/find-job.ts";
import type { ApiContext } from "../api-context.ts";
import { cursorIn } from "../feed/feed-cursor.ts";
import type { FeedReader } from "../feed/reader.ts";
import { streamEvents } from "../feed/stream-events.ts";
import { apiLimits } from "../limits.ts";
import { defineHandler } from "../route-handler.ts";

const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  // A stream's connection is not reused: an open one would delay the end of the service.
  connection: "close",
  // Disables buffering in proxies.
  "x-accel-buffering": "no",
};
export const events = defineHandler(apiRoutes.events, async ({ query, request, reply }, context) => {
  // A feed is a held resource: a page that cannot read it could still open all slots.
  context.admission.checkOrigin(request.headers);
  const filter = await filterOf(query, context);
  const resumed = request.headers["last-event-id"];
  const from = (typeof resumed === "string" && resumed) || query.after;
  const types = readTypes(query.types);
  const { raw } = reply;
  const live = await context.live.hold();
  // Released once, however the response ends.
  if (raw.destroyed) live.release();
  else raw.once("close", () => live.release());
  // After the shared consumer is open, so that it has all commits after this position.
  const after = cursorIn(from, await context.log.lastSeq());
  // The reader is gone, or got the time limit's response: the slot would never be released.
  if (raw.destroyed || reply.sent) return reply;
  const leave = context.feeds.enter();
  reply.hijack();
  // A write after the end of a closing stream is not an error.
  raw.on("error", () => raw.destroy());
  for (const [name, value] of Object.entries({ ...reply.getHeaders(), ...streamHeaders })) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.flushHeaders();
  const failed = (failure: unknown) =>
    context.logger.warn({ err: failure }, "ended a feed: the log cannot be followed");
  const end = streamEvents({ ...context, live, reader: readerOf(raw), failed }, { filter, after, types });
  const closing = context.feeds.onClose(() => raw.end());
  raw.once("close", () => {
    end();
    closing();
    leave();
  });
  return reply;
});

async function filterOf({ namespace, jobId: called }: QueryOf<typeof apiRoutes.events>, context: ApiContext) {
  const everywhere = namespace === undefined || namespace === "*";
  if (called === undefined) return everywhere ? {} : { namespace };
  const { job } = await findJob(context, called, everywhere ? {} : { namespace });
  if (!everywhere && job.header.spec.namespace !== namespace)
    throw new Fault("JOB_NOT_FOUND", `job ${job.header.id} is not in namespace ${namespace}`);
  return { namespace: job.header.spec.namespace, jobId: job.header.id };
}

const byLowerCase = new Map([...eventKinds.keys()].map((name) => [name.toLowerCase(), name]));

// The characters of an unknown type that the error shows.
const shownChars = 80;

/**
 * Types of events as a feed compares them: in lower case, without the prefix of CloudEvents. Throws Fault BAD_REQUEST
 * for an unknown type.
 */
function readTypes(given: readonly string[]): ReadonlySet<string> {
  const types = given.map((type) => type.toLowerCase().replace(/^shoal\./, ""));
  const unknown = types.find((type) => !byLowerCase.has(type));
  if (unknown === undefined) return new Set(types);
  const known = [...byLowerCase.values()].sort().join(", ");
  throw new Fault(
    "BAD_REQUEST",
    `expected types of events, got "${unknown.slice(0, shownChars)}"; known types: ${known}`,
  );
}

function readerOf(raw: ServerResponse): FeedReader {
  return {
    write(piece) {
      raw.write(piece);
      return raw.writableLength < apiLimits.feedBufferBytes;
    },
    onceDrained: (callback) => void raw.once("drain", callback),
    drop: () => void raw.destroy(),
  };
}
