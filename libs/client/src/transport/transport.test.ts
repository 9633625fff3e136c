import { apiRoutes } from "@shoal/proto";
import { expect, it } from "vitest";
import { ApiError } from "../api-error.ts";
import { endpointsOf } from "./endpoints.ts";
import { routeOf } from "./routes.ts";
import { createTransport } from "./transport.ts";

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
