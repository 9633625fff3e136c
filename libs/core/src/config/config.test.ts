import { describe, expect, it } from "vitest";
import { z } from "zod";
import { listOf, readConfig, secret, settingsOf, shownConfig, yesOrNo } from "./config.ts";

const Sample = z
  .object({
    nats: z
      .object({ url: z.string().default("nats://a").describe("where the log lives"), password: secret().default("") })
      .prefault({}),
    auction: z
      .object({ windowMs: z.coerce.number().int().min(10).default(500).describe("how long an ask waits") })
      .prefault({}),
    labels: listOf(z.string()).default([]),
    strict: yesOrNo().default(false),
  })
  .readonly();

describe("config", () => {
  it("prefers flags over env over file over defaults", () => {
    const file = { auction: { windowMs: 20 }, nats: { url: "nats://file" } };
    const env = { SHOAL_AUCTION_WINDOW_MS: "30", SHOAL_LABELS: "a, b", SHOAL_STRICT: "yes" };
    expect(readConfig(Sample, { file, env, flags: { "auction.windowMs": 40 } })).toEqual({
      nats: { url: "nats://file", password: "" },
      auction: { windowMs: 40 },
      labels: ["a", "b"],
      strict: true,
    });
    expect(readConfig(Sample, { file, env, flags: {} }).auction.windowMs).toBe(30);
    expect(readConfig(Sample, { file, env: {}, flags: {} }).auction.windowMs).toBe(20);
    expect(readConfig(Sample, { env: {}, flags: {} }).auction.windowMs).toBe(500);
  });

  it("names the invalid setting", () => {
    expect(() => readConfig(Sample, { env: { SHOAL_AUCTION_WINDOW_MS: "3" }, flags: {} })).toThrow(/auction\.windowMs/);
    expect(() => readConfig(Sample, { env: {}, flags: { "acution.windowMs": 3 } })).toThrow(
      /no setting "acution\.windowMs"/,
    );
  });

  it("lists every setting with path, env name, sentence and default", () => {
    expect(settingsOf(Sample).map((each) => [each.path, each.env, each.fallback])).toEqual([
      ["nats.url", "SHOAL_NATS_URL", "nats://a"],
      ["nats.password", "SHOAL_NATS_PASSWORD", ""],
      ["auction.windowMs", "SHOAL_AUCTION_WINDOW_MS", 500],
      ["labels", "SHOAL_LABELS", []],
      ["strict", "SHOAL_STRICT", false],
    ]);
    expect(settingsOf(Sample)[0]?.description).toBe("where the log lives");
  });

  it("masks secrets", () => {
    const config = readConfig(Sample, { env: { SHOAL_NATS_PASSWORD: "pearl" }, flags: {} });
    expect(shownConfig(Sample, config)["nats.password"]).toBe("***");
  });
});
