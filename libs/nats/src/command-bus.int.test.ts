import type { CommandReply } from "@shoal/core";
import { commandBusContract, record } from "@shoal/core/testing/contracts";
import { shardOf, streams, subjectOf, subjects } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandBytesMax, createCommandBus } from "./command-bus.ts";
import type { NatsSession } from "./connection/nats-session.ts";
import { decodeMessage, encodeMessage } from "./message-codec.ts";
import { type NatsHarness, natsHarness } from "./testing/nats-harness.ts";
import { onServer } from "./testing/on-server.ts";

onServer(() => {
  commandBusContract("commands over NATS", async () => {
    const harness = await natsHarness({ topology: false });
    return { bus: async (id) => createCommandBus(await harness.session(), id), close: harness.close };
  });

  describe("a command bus", () => {
    const aggregate = { kind: "job", namespace: "default", id: "j-1" };
    const shard = shardOf(aggregate.id);
    const good = {
      id: "c-1",
      aggregate,
      command: { name: "Stop" },
      actor: { type: "requester", id: "r-two" },
    } as const;
    const done: CommandReply = { ok: true, seq: 1, changed: true };
    // Far longer than an answer takes.
    const longMs = 20_000;

    let harness: NatsHarness;
    let session: NatsSession;
    beforeAll(async () => {
      harness = await natsHarness();
      session = await harness.session();
    });
    afterAll(() => harness?.close());

    it.each<readonly [string, unknown]>([
      ["no map at all", "odd"],
      ["no id", { ...good, id: "" }],
      ["an id without end", { ...good, id: "x".repeat(201) }],
      ["an aggregate whose id would be two tokens of a subject", { ...good, aggregate: { ...aggregate, id: "j.1" } }],
      ["a wildcard in place of a namespace", { ...good, aggregate: { ...aggregate, namespace: "*" } }],
      ["an aggregate of another shard", { ...good, aggregate: { ...aggregate, id: "j-2" } }],
      ["a command without a name", { ...good, command: {} }],
      ["a command that is nested too deep", { ...good, command: { name: "Stop", deep: nested(70) } }],
      ["no actor", { ...good, actor: undefined }],
      ["an actor of an unknown type", { ...good, actor: { type: "ghost", id: "x" } }],
    ])("gives no answer to a message with %s, and answers the next one", async (_what, data) => {
      expect(shardOf("j-2")).not.toBe(shard);
      const received = record<string>();
      const serving = await createCommandBus(session, "r-one").serve(shard, async ({ id }) => {
        received.push(id);
        return done;
      });
      const reply = `${subjects.commandDone("r-two")}.x.1`;
      session.nc.publish(subjects.command(shard), encodeMessage(data), { reply });
      session.nc.publish(subjects.command(shard), encodeMessage({ ...good, id: "c-good" }), { reply });
      await received.atLeast(1);
      expect(received.all).toEqual(["c-good"]);
      await serving.close();
    });

    it("answers only on its own subject, so that a command cannot make it publish into the log", async () => {
      const received = record<string>();
      const serving = await createCommandBus(session, "r-one").serve(shard, async ({ id }) => {
        received.push(id);
        return done;
      });
      for (const reply of [subjectOf(aggregate), "_INBOX.x", undefined])
        session.nc.publish(subjects.command(shard), encodeMessage(good), reply === undefined ? {} : { reply });
      const sender = createCommandBus(session, "r-two");
      expect(await sender.send(shard, { ...good, id: "c-2" }, longMs)).toEqual(done);
      expect(received.all).toEqual(["c-2"]);
      const { state } = await (await session.manager()).streams.info(streams.events);
      expect(state.messages).toBe(0);
      await serving.close();
    });

    it("ignores an answer with a form or a code of another version, and waits for the next one", async () => {
      const answers = ["odd", { ok: true }, { ok: false, rejection: { code: "NOT_A_CODE_YET", why: "" } }, done];
      const subscription = session.nc.subscribe(subjects.command(shard), {
        callback: (_failure, message) => {
          for (const answer of answers) message.respond(encodeMessage(answer));
        },
      });
      await session.nc.flush();
      expect(await createCommandBus(session, "r-two").send(shard, good, longMs)).toEqual(done);
      subscription.unsubscribe();
    });

    it("sends no command that is larger than a commit may be", async () => {
      const received = record<unknown>();
      const subscription = session.nc.subscribe(subjects.command(shard), {
        callback: (_failure, message) => {
          received.push(decodeMessage(message.data));
          message.respond(encodeMessage(done));
        },
      });
      await session.nc.flush();
      const bus = createCommandBus(session, "r-two");
      const large = { ...good, command: { name: "Stop", why: "x".repeat(commandBytesMax) } };
      expect(await bus.send(shard, large, longMs)).toBeUndefined();
      expect(await bus.send(shard, good, longMs)).toEqual(done);
      expect(received.all).toEqual([good]);
      subscription.unsubscribe();
    });
  });
});

/** Nested lists. */
function nested(levels: number): unknown {
  let data: unknown = [];
  for (let level = 0; level < levels; level++) data = [data];
  return data;
}
