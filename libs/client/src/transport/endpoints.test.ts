import { apiRoutes } from "@shoal/proto";
import { expect, it } from "vitest";
import { endpointsOf } from "./endpoints.ts";
import { routeOf, urlOf } from "./routes.ts";

it("tries the endpoint that answered last first, and every endpoint once", () => {
  const endpoints = endpointsOf(["http://a:1", "http://b:2/", "http://a:1/", "https://c/base/"]);
  expect(endpoints.inOrder()).toEqual(["http://a:1", "http://b:2", "https://c/base"]);
  endpoints.prefer("http://b:2");
  expect(endpoints.inOrder()).toEqual(["http://b:2", "https://c/base", "http://a:1"]);
  endpoints.prefer("http://a:1");
  expect(endpoints.inOrder()).toEqual(["http://a:1", "http://b:2", "https://c/base"]);
});

it.each(["127.0.0.1:1234", "ftp://x", "", "nats://127.0.0.1:4222"])("refuses %j as an endpoint", (url) => {
  expect(() => endpointsOf([url])).toThrow(/expected a URL/);
});

it("omits unset query fields and escapes path elements", () => {
  expect(urlOf("http://a", routeOf(apiRoutes.getJob, { id: "my job/../x" }))).toBe(
    "http://a/api/v1/orchestrator/jobs/my%20job%2F..%2Fx",
  );
  expect(urlOf("http://a", routeOf(apiRoutes.events, { jobId: "j-1", after: 0 }))).toBe(
    "http://a/api/v1/orchestrator/events?job_id=j-1&after=0",
  );
});
