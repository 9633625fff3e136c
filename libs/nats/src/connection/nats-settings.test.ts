import { readConfig, shownConfig } from "@shoal/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkNatsSettings, connectionOf, natsSettings } from "./nats-settings.ts";

const Schema = z.object({ nats: z.object(natsSettings).superRefine(checkNatsSettings).prefault({}) });
const read = (flags: Readonly<Record<string, string>>) => readConfig(Schema, { env: {}, flags });

describe("the settings of the connection", () => {
  it("name one server and no user by default", () => {
    expect(connectionOf(read({}).nats)).toEqual({ servers: ["nats://127.0.0.1:4222"] });
  });
  it("become the options of a connection, each under its name", () => {
    const given = { "nats.url": "tls://a:1, tls://b:2", "nats.credentialsFile": "c", "nats.caFile": "ca" };
    expect(connectionOf(read(given).nats)).toEqual({
      servers: ["tls://a:1", "tls://b:2"],
      credentialsFile: "c",
      caFile: "ca",
    });
    const more = { "nats.nkeyFile": "n", "nats.certFile": "cert", "nats.keyFile": "key" };
    expect(connectionOf(read(more).nats)).toMatchObject({ nkeyFile: "n", certFile: "cert", keyFile: "key" });
    expect(connectionOf(read({ "nats.tokenFile": "t" }).nats)).toMatchObject({ tokenFile: "t" });
    const user = { "nats.user": "me", "nats.password": "p" };
    expect(connectionOf(read(user).nats)).toMatchObject({ user: "me", pass: "p" });
  });
  it("that contradict each other are refused, and the message names one", () => {
    expect(() => read({ "nats.user": "me", "nats.token": "t" })).toThrow(
      "nats.token: expected one way to authenticate, got nats.user and nats.token; remove one",
    );
  });
  it("show no secret", () => {
    const shown = shownConfig(Schema, { nats: { token: "t", password: "p", tokenFile: "/t" } });
    expect(shown).toMatchObject({ "nats.token": "***", "nats.password": "***", "nats.tokenFile": "/t" });
  });
});
