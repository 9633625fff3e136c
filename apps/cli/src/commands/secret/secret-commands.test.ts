import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeRequester, fakeRequester, runWith } from "../../testing/fake-requester.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-secret-"));
let requester: FakeRequester;
afterEach(async () => {
  await requester?.close();
});

describe("shoal secret", () => {
  it("puts the text of a file without its last line break, and does not print it", async () => {
    requester = await fakeRequester({
      "PUT /orchestrator/secrets/token": { Namespace: "team", Name: "token", Version: 3 },
    });
    const file = join(folder, "value");
    writeFileSync(file, "hunter2\nline\n");
    const run = await requester.shoal("secret", "put", "token", "--from-file", file, "--namespace", "team");
    expect(run).toEqual({ code: 0, out: "Secret token stored as version 3\n", err: "" });
    expect(requester.calls).toEqual(["PUT /orchestrator/secrets/token?namespace=team"]);
    await requester.shoal("secret", "put", "token", "--from-file", file, "--keep-newline");
    expect(requester.bodies).toEqual([{ Value: "hunter2\nline" }, { Value: "hunter2\nline\n" }]);
    expect((await requester.shoal("secret", "put", "token", "--from-file", join(folder, "none"))).err).toContain(
      "--from-file: cannot read",
    );
  });
  it("lists versions", async () => {
    const version = (number: number) => ({ Version: number, KeyID: "k", CreatedAt: "2026-01-01T00:00:00Z" });
    requester = await fakeRequester({
      "GET /orchestrator/secrets": {
        Secrets: [{ Namespace: "team", Name: "token", Versions: [version(2), version(3)] }],
      },
    });
    const { out } = await requester.shoal("secret", "list", "--namespace", "*");
    expect(out).toMatch(/NAMESPACE +NAME +VERSION +UPDATED +VERSIONS\nteam +token +3 +2026-01-01 00:00:00Z +2,3\n/);
  });
  const pages = (...all: readonly object[]) => {
    let call = 0;
    return fakeRequester({ "POST /orchestrator/secrets/reseal": () => ({ KeyID: "k-new", ...all[call++] }) });
  };
  it("reseals page by page, until all are sealed to the new key", async () => {
    requester = await pages({ Resealed: 50, Failed: [], Next: "team.m" }, { Resealed: 1, Failed: [], Next: "" });
    const { code, out } = await requester.shoal("secret", "reseal");
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/^Sealed 51 versions to key k-new\nNo secret needs another key: /),
    ]);
    expect(requester.bodies).toEqual([{ After: "" }, { After: "team.m" }]);
  });
  it("ends with 7 when a version cannot be sealed again, and names it", async () => {
    const failed = {
      Namespace: "team",
      Name: "token",
      Version: 3,
      KeyID: "k-lost",
      Why: "key k-lost is not in the file",
    };
    requester = await pages({ Resealed: 2, Failed: [failed], Next: "" });
    const { code, out, err } = await requester.shoal("secret", "reseal");
    expect([code, out]).toEqual([7, "Sealed 2 versions to key k-new\n"]);
    expect(err).toMatch(
      /no key may be removed:\nteam\/token@3: key k-lost is not in the file\nHint: .*add the missing keys/,
    );
  });
  it("deletes", async () => {
    requester = await fakeRequester({ "DELETE /orchestrator/secrets/token": {} });
    expect((await requester.shoal("secret", "delete", "token")).out).toBe("Secret token deleted\n");
  });
});

describe("shoal secret init", () => {
  it("creates a key file for its owner alone, writes over none, and adds a first key to it on --rotate", async () => {
    const file = join(folder, "keys.pem");
    expect((await runWith({}, ["secret", "init", file, "--rotate"])).code).toBe(2);
    expect((await runWith({}, ["secret", "init", file])).code).toBe(0);
    const first = readFileSync(file, "utf8");
    expect(first).toMatch(/^-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await runWith({}, ["secret", "init", file])).err).toContain("exists");
    expect(readFileSync(file, "utf8")).toBe(first);
    expect((await runWith({}, ["secret", "init", file, "--rotate"])).code).toBe(0);
    const rotated = readFileSync(file, "utf8");
    expect(rotated.endsWith(first)).toBe(true);
    expect(rotated.match(/BEGIN/g)).toHaveLength(2);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
