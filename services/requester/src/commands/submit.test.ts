import { createSea, drive } from "@shoal/core/testing";
import { JobSpec } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Commands, createCommands } from "./commands.ts";
import { namedJobId } from "./ids.ts";

const specOf = (more: object = {}) => JobSpec.parse({ type: "batch", ...more, tasks: [{ engine: { type: "noop" } }] });
const fromRequester = (id: string, more: object = {}) =>
  specOf({ ...more, meta: { "bacalhau.org/requester.id": id, "server.instance.id": id } });

let sea: ReturnType<typeof createSea>;
let driving: { stop(): void };
let one: Commands;
let other: Commands;
beforeEach(() => {
  sea = createSea({ seed: "submit" });
  driving = drive(sea.clock);
  one = createCommands(sea.requester("r-1"), { by: "r-1", noticed: () => {} });
  other = createCommands(sea.requester("r-2"), { by: "r-2", noticed: () => {} });
});
afterEach(() => driving.stop());

describe("submitting with a token", () => {
  it("finds the first one's job also through another requester", async () => {
    const first = await one.submit({ spec: fromRequester("r-1"), token: "t", cause: "" });
    const second = await other.submit({ spec: fromRequester("r-2"), token: "t", cause: "" });
    expect(first.existed).toBe(false);
    expect(second).toEqual({ ...first, existed: true });
  });
  it("refuses another spec under the same token", async () => {
    await one.submit({ spec: specOf(), token: "t", cause: "" });
    await expect(one.submit({ spec: specOf({ count: 2 }), token: "t", cause: "" })).rejects.toThrow(/another spec/);
  });
  it("keeps a name the job's own, and knows the same request again", async () => {
    const first = await one.submit({ spec: specOf({ name: "mine" }), token: "t", cause: "" });
    expect(first.jobId).toBe(namedJobId(sea.requester("r-3").chance, "default", "mine"));
    expect(await one.submit({ spec: specOf({ name: "mine" }), token: "t", cause: "" })).toMatchObject({
      existed: true,
    });
    await expect(one.submit({ spec: specOf({ name: "mine" }), token: "u", cause: "" })).rejects.toThrow(/exists/);
    await expect(one.submit({ spec: specOf({ name: "mine" }), cause: "" })).rejects.toThrow(/exists/);
  });
});
