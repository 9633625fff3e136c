import { type CommandBus, type CommandEnvelope, type CommandReply, Fault } from "@shoal/core";
import { shardOf } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { client, jobIds, jobRef, knownKinds } from "../../testing/shard-harness.ts";
import { serveCommands } from "./serve-commands.ts";

const [id = ""] = jobIds(1);
const done: CommandReply = { ok: true, seq: 7, changed: true };
const stop: CommandEnvelope = {
  id: "c-1",
  aggregate: jobRef(id),
  command: { name: "Stop", why: "enough" } as CommandEnvelope["command"],
  actor: client,
};

/** Sends a command to the owner of `shard`, whose decision is `decide`. */
async function sent(
  envelope: CommandEnvelope,
  decide: () => Promise<CommandReply> = async () => done,
  shard = shardOf(id),
): Promise<CommandReply> {
  const handlers: Parameters<CommandBus["serve"]>[1][] = [];
  const bus: CommandBus = {
    send: async () => undefined,
    serve: async (_, handler) => {
      handlers.push(handler);
      return { close: async () => undefined };
    },
  };
  await serveCommands(bus, { shard, kinds: knownKinds, command: decide });
  const [handle = expect.unreachable()] = handlers;
  return await handle(envelope);
}

describe("the owner of a shard", () => {
  it("answers a command with its decision", async () => {
    expect(await sent(stop)).toEqual(done);
  });
  it.each(["REVISION_CONFLICT", "LOG_NEWER", "LOG_DAMAGED", "LOG_FULL"] as const)(
    "answers with the reason when the decision fails with %s",
    async (code) => {
      const failing = async () => Promise.reject(new Fault(code, "because"));
      expect(await sent(stop, failing)).toEqual({ ok: false, rejection: { code, why: "because" } });
    },
  );
  it.each(["LOG_UNREACHABLE", "INTERNAL", "REQUESTER_BEHIND"] as const)(
    "leaves a command unanswered when the decision fails with %s: its sender decides it",
    async (code) => {
      const failing = async () => Promise.reject(new Fault(code, "because"));
      await expect(sent(stop, failing)).rejects.toMatchObject({ code });
    },
  );
  it.each([
    ["of another shard", stop, shardOf(id) + 1],
    ["on an aggregate of an unknown kind", { ...stop, aggregate: { ...stop.aggregate, kind: "pool" } }, shardOf(id)],
    ["that no client may send", { ...stop, command: { ...stop.command, name: "Tick" } }, shardOf(id)],
    ["with the name of a property", { ...stop, command: { ...stop.command, name: "toString" } }, shardOf(id)],
    ["that its kind cannot read", { ...stop, command: { name: "Stop", why: 7 } as never }, shardOf(id)],
  ] as const)("leaves a command unanswered and undecided %s", async (_, envelope, shard) => {
    let decided = 0;
    const decide = async () => {
      decided += 1;
      return done;
    };
    await expect(sent(envelope, decide, shard)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    expect(decided).toBe(0);
  });
});
