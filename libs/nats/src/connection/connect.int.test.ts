import { systemClock, systemRandom } from "@shoal/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { connect, withoutSecrets } from "./connect.ts";

onServer(() => {
  let harness: NatsHarness;
  const rights = { publish: { allow: [">"] }, subscribe: { allow: [">"] } };
  const users = [{ user: "me", password: 'it\'s "me" $HOME\\', rights }];
  beforeEach(async () => {
    harness = await natsHarness({ users, topology: false });
  });
  afterEach(() => harness.close());

  const urlOf = (user: string, pass: string) =>
    harness.server().url.replace("//", `//${encodeURIComponent(user)}:${encodeURIComponent(pass)}@`);

  describe("connect", () => {
    it("takes the user from the URL or from the options", async () => {
      const [{ user, password } = { user: "", password: "" }] = users;
      await harness.session({ user, pass: password });
      await harness.session({ servers: [urlOf(user, password)] });
    });
    it("reports at once that the user is refused, without the password", async () => {
      const failure = await connect({
        clock: systemClock(),
        random: systemRandom,
        servers: [urlOf("me", "wrong")],
        name: "test",
      }).catch((thrown: unknown) => thrown);
      expect(failure).toMatchObject({ code: "NATS_REFUSED" });
      expect(String(failure)).not.toContain("wrong");
    });
    it("reports it also when several servers refuse the user", async () => {
      const { url, port } = harness.server();
      const servers = [url, `nats://localhost:${port}`, `nats://127.0.0.2:${port}`];
      const refused = connect({
        clock: systemClock(),
        random: systemRandom,
        servers,
        user: "me",
        pass: "wrong",
        name: "test",
      });
      await expect(refused).rejects.toMatchObject({ code: "NATS_REFUSED" });
    });
    it("names the addresses when no server answers", async () => {
      const { url } = harness.server();
      await harness.server().stop();
      await expect(
        connect({ clock: systemClock(), random: systemRandom, servers: [url], name: "test", patienceMs: 0 }),
      ).rejects.toMatchObject({
        code: "LOG_UNREACHABLE",
        message: expect.stringContaining(url),
      });
    });
  });

  describe("withoutSecrets", () => {
    it.each([
      ["nats://me:secret@host:4222", "nats://host:4222"],
      ["me:secret@host", "host"],
      ["nats://host:4222", "nats://host:4222"],
    ])("%s becomes %s", (server, shown) => expect(withoutSecrets(server)).toBe(shown));
  });
});
