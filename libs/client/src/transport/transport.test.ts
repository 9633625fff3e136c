import { apiRoutes } from "@shoal/proto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api-error.ts";
import { endpointsOf } from "./endpoints.ts";
import { routeOf } from "./routes.ts";
import { callMs, createTransport, reasonOf } from "./transport.ts";

/** A requester that answers with these positions, one a call, and records the positions of the calls. */
function answering(...answers: readonly (number | Response)[]) {
  const named: (string | null)[] = [];
  const left = [...answers];
  const transport = createTransport(endpointsOf(["http://a:1", "http://b:2"]), async (_url, { headers }) => {
    named.push(new Headers(headers).get("x-shoal-position"));
    const next = left.shift() ?? 0;
    if (next instanceof Response) return next;
    return Response.json({}, next === 0 ? {} : { headers: { "x-shoal-position": String(next) } });
  });
  return { named, read: () => transport.call(routeOf(apiRoutes.listJobs, {})) };
}

const refused = (status: number, code: string) => Response.json({ Code: code, Message: "no" }, { status });

it("sends the greatest position of all responses", async () => {
  const { named, read } = answering(7, 5, 0, 9);
  for (let call = 0; call < 5; call++) await read();
  expect(named).toEqual([null, "7", "7", "7", "9"]);
});

it("fails over when a requester has not reached the position, and keeps sending it", async () => {
  const { named, read } = answering(7, refused(503, "ServiceUnavailable"), 8, 8);
  for (let call = 0; call < 3; call++) await read();
  expect(named).toEqual([null, "7", "7", "8"]);
});

it("drops a position that is beyond the end of the log", async () => {
  const { named, read } = answering(7, refused(400, "PositionAhead"), 3, 3);
  await read();
  await expect(read()).rejects.toBeInstanceOf(ApiError);
  await read();
  await read();
  expect(named).toEqual([null, "7", null, "3"]);
});

it("sends no position to servers that send none", async () => {
  const { named, read } = answering(0, 0);
  await read();
  await read();
  expect(named).toEqual([null, null]);
});

it("ignores a position that is not a number", async () => {
  const { named, read } = answering(7, Response.json({}, { headers: { "x-shoal-position": "far" } }), 0);
  for (let call = 0; call < 3; call++) await read();
  expect(named).toEqual([null, "7", "7"]);
});

describe("the time limit of a call", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ["without a signal", undefined],
    ["with a signal", new AbortController().signal],
  ])("ends a call %s that no requester answers", async (_, signal) => {
    const limit = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(limit.signal);
    const hanging = createTransport(
      endpointsOf(["http://a:1"]),
      (_url, init) =>
        new Promise((_resolve, reject) => {
          init.signal?.addEventListener("abort", () => reject(init.signal?.reason));
        }),
    );
    const ended = expect(hanging.call(routeOf(apiRoutes.listJobs, {}), signal)).rejects.toThrow("too late");
    limit.abort(new Error("too late"));
    await ended;
    expect(timeout.mock.calls).toEqual([[callMs]]);
  });
});

it.each([
  ["a text", "gone", "gone"],
  ["an error without a cause", new TypeError("fetch failed"), "fetch failed"],
  ["a cause that is no error", new TypeError("fetch failed", { cause: "gone" }), "fetch failed"],
  ["a cause without a message", new TypeError("fetch failed", { cause: new Error() }), "fetch failed"],
  [
    "a cause whose code is a number",
    new TypeError("fetch failed", { cause: Object.assign(new Error(), { code: 7 }) }),
    "fetch failed",
  ],
])("gives the reason of a failed connection that is %s", (_, failure, reason) => {
  expect(reasonOf(failure)).toBe(reason);
});
