import { apiRoutes } from "@shoal/proto";
import { expect, it } from "vitest";
import { ApiError } from "../api-error.ts";
import { endpointsOf } from "./endpoints.ts";
import { routeOf } from "./routes.ts";
import { createTransport } from "./transport.ts";

/** A requester that answers with these positions, one a call, and keeps what the calls named. */
function answering(...answers: readonly (number | Response)[]) {
  const named: (string | null)[] = [];
  const hosts: string[] = [];
  const left = [...answers];
  const transport = createTransport(endpointsOf(["http://a:1", "http://b:2"]), async (url, { headers }) => {
    hosts.push(new URL(url).host);
    named.push(new Headers(headers).get("x-shoal-position"));
    const next = left.shift() ?? 0;
    if (next instanceof Response) return next;
    return Response.json({}, next === 0 ? {} : { headers: { "x-shoal-position": String(next) } });
  });
  return { named, hosts, read: () => transport.call(routeOf(apiRoutes.listJobs, {})) };
}

const refused = (status: number, code: string) => Response.json({ Code: code, Message: "no" }, { status });

it("names the greatest position that an answer has carried", async () => {
  const { named, read } = answering(7, 5, 0, 9);
  for (let call = 0; call < 5; call++) await read();
  expect(named).toEqual([null, "7", "7", "7", "9"]);
});

it("asks another requester when one has not reached the position, and goes on naming it", async () => {
  const { named, read } = answering(7, refused(503, "ServiceUnavailable"), 8, 8);
  for (let call = 0; call < 3; call++) await read();
  expect(named).toEqual([null, "7", "7", "8"]);
});

it.each([502, 503, 504])(
  "asks another requester behind a status %i, and that one first from then on",
  async (status) => {
    const { hosts, read } = answering(refused(status, "Any"), 0, 0);
    await read();
    await read();
    expect(hosts).toEqual(["a:1", "b:2", "b:2"]);
  },
);

it.each([400, 401, 404, 409, 413, 429, 500])(
  "takes a status %i as the answer, and asks no other one",
  async (status) => {
    const { hosts, read } = answering(refused(status, "Any"));
    await expect(read()).rejects.toMatchObject({ status, code: "Any", message: "no" });
    expect(hosts).toEqual(["a:1"]);
  },
);

it("throws the last refusal when every requester refuses", async () => {
  const { hosts, read } = answering(refused(502, "First"), refused(503, "Second"));
  await expect(read()).rejects.toMatchObject({ status: 503, code: "Second" });
  expect(hosts).toEqual(["a:1", "b:2"]);
});

it("forgets a position that the log does not have any more", async () => {
  const { named, read } = answering(7, refused(400, "PositionAhead"), 3, 3);
  await read();
  await expect(read()).rejects.toBeInstanceOf(ApiError);
  await read();
  await read();
  expect(named).toEqual([null, "7", null, "3"]);
});
