import { DiscardPolicy, JetStreamApiError, StoreCompression } from "@nats-io/jetstream";
import { RequestError, TimeoutError } from "@nats-io/nats-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NatsSession } from "../connection/nats-session.ts";
import { patienceMs } from "../connection/server-request.ts";
import { skipping } from "../testing/answering.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { differencesOf } from "./drift.ts";
import { configOf, ensureTopology } from "./topology.ts";
import { storageDefaults, topologyPlan } from "./topology-data.ts";

onServer(() => {
  let harness: NatsHarness;
  let session: NatsSession;
  beforeEach(async () => {
    harness = await natsHarness({ topology: false });
    session = await harness.session();
  });
  afterEach(() => harness.close());

  const plan = topologyPlan();
  const events = plan.find(({ name }) => name === "EVENTS");
  const others = { replicas: 1 };

  describe("ensureTopology", () => {
    it("creates everything on an empty server, and reports nothing the second time", async () => {
      const first = await ensureTopology(session, others);
      expect([...first.created].sort()).toEqual(plan.map(({ name }) => name).sort());
      expect(first.differences).toEqual([]);
      expect(await ensureTopology(session, others)).toEqual({ created: [], differences: [] });
    });

    /** The session, with stream creations that fail in the first attempts. */
    async function failing(failure: Error, attempts: number, inner: NatsSession = session): Promise<NatsSession> {
      const manager = await session.manager();
      let failures = attempts;
      const add: typeof manager.streams.add = (config) =>
        failures-- > 0 ? Promise.reject(failure) : manager.streams.add(config);
      const streams = Object.create(manager.streams, { add: { value: add } });
      const slow = Object.create(manager, { streams: { value: streams } });
      return { ...inner, manager: async () => slow };
    }
    const refusal = (code: number) =>
      new JetStreamApiError({ code: 503, err_code: code, description: "not all are there" });

    it.each([
      ["10005", refusal(10005)],
      ["10008", refusal(10008)],
      ["nothing in time", new TimeoutError()],
      ["that no server listens", new RequestError("no responders")],
    ])("waits for servers that start together and answer %s at first", async (_, failure) => {
      const { created } = await ensureTopology(await failing(failure, 3), others);
      expect(created).toHaveLength(plan.length);
    });

    it("reports servers that never answer as unreachable, not as unsuitable", async () => {
      const { session: patient, skip } = skipping(session);
      const silent = await failing(new TimeoutError(), Number.POSITIVE_INFINITY, patient);
      const made = ensureTopology(silent, others);
      skip(patienceMs);
      await expect(made).rejects.toMatchObject({
        code: "LOG_UNREACHABLE",
        message: expect.stringContaining("creating stream"),
      });
    });

    it("may run several times at once", async () => {
      const reports = await Promise.all([1, 2, 3].map(async () => ensureTopology(await harness.session(), others)));
      expect(reports.flatMap(({ differences }) => differences)).toEqual([]);
    });

    it.each([
      ["max_age", { max_age: 1e9 * 3600 }],
      ["max_msgs", { max_msgs: 10 }],
      ["max_bytes", { max_bytes: 1_000_000 }],
      ["deny_delete", { deny_delete: false }],
      ["deny_purge", { deny_purge: false }],
      ["subjects", { subjects: ["other.>"] }],
      ["allow_rollup_hdrs", { allow_rollup_hdrs: true, deny_purge: false }],
      ["allow_direct", { allow_direct: false }],
      ["max_msgs_per_subject", { max_msgs_per_subject: 1 }],
      ["republish", { republish: { src: "shoal.evt.>", dest: "shoal.cmd.>" } }],
    ])("refuses a log with a dangerous %s, and does not change it", async (field, change) => {
      if (events === undefined) throw new Error("the plan has no log");
      const manager = await session.manager();
      await manager.streams.add({ ...configOf(events, 1), ...change });
      await expect(ensureTopology(session, others)).rejects.toMatchObject({
        code: "LOG_UNSUITABLE",
        message: expect.stringMatching(new RegExp(`EVENTS\\.${field}: expected .*, got .*`)),
      });
      expect((await manager.streams.info("EVENTS")).config).toMatchObject(change);
    });

    it("reports harmless differences", async () => {
      if (events === undefined) throw new Error("the plan has no log");
      const manager = await session.manager();
      await manager.streams.add({ ...configOf(events, 1), discard: DiscardPolicy.Old });
      expect((await ensureTopology(session, others)).differences).toEqual([
        { stream: "EVENTS", field: "discard", expected: '"new"', found: '"old"', dangerous: false },
      ]);
    });

    it("compresses the log, and accepts one that is not compressed", async () => {
      if (events === undefined) throw new Error("the plan has no log");
      const manager = await session.manager();
      await manager.streams.add({ ...configOf(events, 1), compression: StoreCompression.None });
      expect((await ensureTopology(session, others)).differences).toEqual([
        { stream: "EVENTS", field: "compression", expected: '"s2"', found: '"none"', dangerous: false },
      ]);
      await manager.streams.delete("EVENTS");
      await ensureTopology(session, others);
      expect((await manager.streams.info("EVENTS")).config.compression).toBe(StoreCompression.S2);
    });

    it.each([32, 2_048])("reports an operator's limit of %i MiB for reports, and accepts it", async (size) => {
      const manager = await session.manager();
      const reports = plan.find(({ name }) => name === "REPORTS");
      if (reports === undefined) throw new Error("the plan has no reports");
      await manager.streams.add({ ...configOf(reports, 1), max_bytes: size * 1_048_576 });
      expect((await ensureTopology(session, others)).differences).toEqual([
        expect.objectContaining({ stream: "REPORTS", field: "max_bytes", dangerous: false }),
      ]);
    });

    it("bounds everything except the log and its views, so that the log has space", async () => {
      await ensureTopology(session, { ...others, plan: topologyPlan({ ...storageDefaults, reportsBytes: 1_048_576 }) });
      const manager = await session.manager();
      const limitOf = async (name: string) => (await manager.streams.info(name)).config.max_bytes;
      expect(await limitOf("EVENTS")).toBe(-1);
      expect(await limitOf("REPORTS")).toBe(1_048_576);
      expect(await limitOf("LOGS")).toBe(storageDefaults.logsBytes);
      expect(await limitOf("PARKED")).toBeGreaterThan(0);
    });
  });

  describe("differencesOf", () => {
    it("classifies a log without republish as harmless", () => {
      const expected = { name: "EVENTS", republish: { src: "shoal.evt.>", dest: "shoal.live.>" } };
      expect(differencesOf(expected, {})).toEqual([expect.objectContaining({ field: "republish", dangerous: false })]);
    });
    it("classifies fewer replicas as dangerous, and more as harmless", () => {
      const expected = { name: "EVENTS", num_replicas: 3 };
      expect(differencesOf(expected, { num_replicas: 1 })[0]?.dangerous).toBe(true);
      expect(differencesOf(expected, { num_replicas: 5 })[0]?.dangerous).toBe(false);
    });
  });
});
