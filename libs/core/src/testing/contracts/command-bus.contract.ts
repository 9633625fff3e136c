import { type AggregateRef, shardCount, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommandBus, CommandEnvelope, CommandReply } from "../../ports/commands.ts";
import { record } from "./recorded.ts";

/** A cluster of requesters in which nothing is sent yet. */
export interface CommandHarness {
  /** The bus of the requester of this id. */
  bus(requesterId: string): Promise<CommandBus>;
  close?(): Promise<void>;
}

const aggregate: AggregateRef = { kind: "job", namespace: "default", id: "j-1" };
const shard = shardOf(aggregate.id);

const envelope = (id: string, more: object = {}): CommandEnvelope => ({
  id,
  aggregate,
  command: { name: "Stop", ...more },
  actor: { type: "client", id: "key-1", address: "10.0.0.1", requestId: "q-1" },
});

const done = (seq: number): CommandReply => ({ ok: true, seq, changed: true });

// Longer than any test takes; and short, for a test that waits for the timeout.
const [longMs, shortMs] = [3_600_000, 300] as const;

/** The contract of every command bus, in memory or on a server. */
export function commandBusContract(name: string, make: () => Promise<CommandHarness>): void {
  describe(`${name}, as a command bus`, () => {
    let harness: CommandHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.close?.();
    });
    const two = () => Promise.all([harness.bus("r-one"), harness.bus("r-two")]);

    it("delivers a command to the owner of the shard unchanged, and returns the answer", async () => {
      const [one, other] = await two();
      const received = record<CommandEnvelope>();
      await other.serve(shard, async (each) => {
        received.push(each);
        return done(7);
      });
      const sent = envelope("c-1", { why: "ö", list: [1, null, { deep: true }], bytes: 2 ** 40 });
      expect(await one.send(shard, sent, longMs)).toEqual(done(7));
      expect(received.all).toEqual([sent]);
    });
    it("returns a rejection", async () => {
      const [one, other] = await two();
      const refused: CommandReply = { ok: false, rejection: { code: "ILLEGAL_TRANSITION", why: "it has ended" } };
      await other.serve(shard, async () => refused);
      expect(await one.send(shard, envelope("c-1"), longMs)).toEqual(refused);
    });
    it("reaches a requester that is the owner itself", async () => {
      const [one] = await two();
      await one.serve(shard, async () => done(1));
      expect(await one.send(shard, envelope("c-1"), longMs)).toEqual(done(1));
    });
    it("gives each of many senders its own answer", async () => {
      const [one, other] = await two();
      await other.serve(shard, async ({ id }) => done(Number(id.slice(2))));
      const buses = [one, other];
      const sent = Array.from({ length: 40 }, (_, n) => buses[n % 2]?.send(shard, envelope(`c-${n}`), longMs));
      expect(await Promise.all(sent)).toEqual(sent.map((_, n) => done(n)));
    });
    it("resolves with undefined at once when no requester serves the shard", async () => {
      const [one, other] = await two();
      await other.serve((shard + 1) % shardCount, async () => done(1));
      expect(await one.send(shard, envelope("c-1"), longMs)).toBeUndefined();
    });
    it("resolves with undefined when the owner is silent, fails, or has closed", async () => {
      const [one, other] = await two();
      const behaviours = [() => new Promise<never>(() => undefined), () => Promise.reject(new Error("out of order"))];
      for (const handle of behaviours) {
        const serving = await other.serve(shard, handle);
        expect(await one.send(shard, envelope("c-1"), shortMs)).toBeUndefined();
        await serving.close();
      }
      expect(await one.send(shard, envelope("c-1"), shortMs)).toBeUndefined();
    });
    it("takes the first answer when two requesters serve a shard during a handover", async () => {
      const [one, other] = await two();
      await one.serve(shard, () => new Promise(() => undefined));
      await other.serve(shard, async () => done(2));
      expect(await one.send(shard, envelope("c-1"), longMs)).toEqual(done(2));
    });
  });
}
