import { Validator } from "@seriousme/openapi-schema-validator";
import { type ApiRoute, apiRoutes } from "@shoal/proto";
import { fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";
import { answerProblems } from "../testing/check-answers.ts";
import { completed, jobIdOf } from "../testing/sample-jobs.ts";
import { mountRoutes } from "./mount-routes.ts";
import { handlers } from "./routes/index.ts";

let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

const table = Object.values<ApiRoute>(apiRoutes);

describe("the table of routes", () => {
  it("has each name once, as its key, and each method of a path once", () => {
    expect(table.map(({ name }) => name)).toEqual(Object.keys(apiRoutes));
    const addresses = table.flatMap(({ methods, path }) => methods.map((method) => `${method} ${path}`));
    expect(new Set(addresses).size).toBe(addresses.length);
  });
  it("rejects a route without a handler as a Bug", () => {
    const mounted = handlers.filter(({ route }) => route !== apiRoutes.getNode);
    expect(() => mountRoutes(fastify(), context(), { routes: table, mounted })).toThrow(/no handler for getNode/);
  });
  it("rejects a handler without a route as a Bug", () => {
    const routes = table.filter((route) => route !== apiRoutes.getNode);
    expect(() => mountRoutes(fastify(), context(), { routes, mounted: handlers })).toThrow(/has no getNode/);
  });
  it("refuses an answer with a field that it lacks, without one that it has, or with another value", async () => {
    await completed(harness, jobIdOf(1));
    const { answer } = apiRoutes.getJob;
    const json = (await harness.app.inject({ url: `/api/v1/orchestrator/jobs/${jobIdOf(1)}` })).json();
    const { Version, ...others } = json.Job;
    expect(answerProblems(answer, json)).toEqual([]);
    expect(answerProblems(answer, { ...json, Extra: 1 })).toEqual(["Extra: not in the table", expect.any(String)]);
    expect(answerProblems(answer, { Job: others })).toEqual([expect.stringContaining("Job.Version")]);
    const state = { ...json.Job.State, StateType: "Dreaming" };
    expect(answerProblems(answer, { Job: { ...json.Job, State: state } })).not.toEqual([]);
  });
});

// Nothing of it is used before a request.
const context = () => ({}) as Parameters<typeof mountRoutes>[1];

describe("/openapi.json", () => {
  const documentOf = async () => (await harness.app.inject({ url: "/openapi.json" })).json();

  it("is valid OpenAPI 3.1 and has every route", async () => {
    const document = await documentOf();
    expect(await new Validator().validate(document)).toEqual({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
    const operations = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(operations.toSorted()).toEqual([...table.map(({ name }) => name), "submitJobByPOST"].toSorted());
  });
  it("has the names of the wire, and no dangling reference", async () => {
    const { paths, components } = await documentOf();
    expect(components.schemas.Job.properties).toHaveProperty("CreateTime.type", "number");
    expect(components.schemas.Job.required).toContain("ID");
    expect(components.schemas.Execution.properties.ComputeState.properties.StateType.enum).toContain(9);
    const parameters = paths["/api/v1/orchestrator/nodes"].get.parameters.map(({ name }: { name: string }) => name);
    expect(parameters).toContain("filter-approval");
    const references = [...JSON.stringify(paths).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(references).toContain("Job");
    for (const name of references) expect(Object.keys(components.schemas)).toContain(name);
  });
});
