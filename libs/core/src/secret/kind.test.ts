import { SecretDeleted, type SecretEvent, SecretPut, SecretResealed, secretLimits } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { givenSecret } from "../testing/given.ts";
import { sampleAt } from "../testing/samples.ts";
import { secretViews } from "../views/index.ts";
import { entries } from "../views/view.ts";

const stored = (version: number) => ({
  ...{ namespace: "team", name: "token", version },
  ...{ keyId: "k1", sealed: `c2VhbGVk${version}` },
});
const put = (version: number) => SecretPut.of(stored(version));
const command = (version: number) => {
  const { name: secret, ...rest } = stored(version);
  return { ...rest, secret, name: "Put" } as const;
};
const puts = (count: number) => Array.from({ length: count }, (_, index) => put(index + 1));

describe("a secret", () => {
  it("is stored in versions from 1", () => {
    givenSecret().when(command(1)).then(put(1));
    givenSecret(put(1)).when(command(2)).then(put(2));
  });
  it("refuses a value that is sealed for another version: another client was faster", () => {
    givenSecret().when(command(2)).refused("REVISION_CONFLICT");
    givenSecret(put(1)).when(command(1)).refused("REVISION_CONFLICT");
    givenSecret(put(1)).when(command(3)).refused("REVISION_CONFLICT");
  });
  it("is deleted once, with all versions, and continues its numbers", () => {
    givenSecret(put(1)).when({ name: "Delete" }).then(SecretDeleted.of({}));
    givenSecret().when({ name: "Delete" }).refused("SECRET_NOT_FOUND");
    givenSecret(put(1), SecretDeleted.of({})).when({ name: "Delete" }).refused("SECRET_NOT_FOUND");
    expect(givenSecret(put(1), SecretDeleted.of({})).state).toMatchObject({
      state: "deleted",
      versions: [],
      version: 1,
    });
    givenSecret(put(1), SecretDeleted.of({})).when(command(1)).refused("REVISION_CONFLICT");
    givenSecret(put(1), SecretDeleted.of({})).when(command(2)).then(put(2));
  });
  it("keeps the last versions", () => {
    const { state } = givenSecret(...puts(secretLimits.versions + 3));
    expect(state?.versions.map(({ version }) => version)).toEqual(
      Array.from({ length: secretLimits.versions }, (_, index) => index + 4),
    );
  });
  it("shows names, versions and times, nothing sealed, and nothing once it is deleted", () => {
    const shown = (...history: readonly SecretEvent[]) => {
      const { state = expect.unreachable() } = givenSecret(...history);
      return secretViews.flatMap((view) => entries(view, state));
    };
    const versions = [1, 2].map((version) => ({ version, keyId: "k1", createdAt: sampleAt }));
    expect(shown(put(1), put(2))).toEqual([
      { key: "team.token", seq: 2, value: { namespace: "team", name: "token", versions } },
    ]);
    expect(shown(put(1), SecretDeleted.of({}))).toEqual([]);
  });
});

describe("a secret that is sealed to another key", () => {
  const other = { version: 1, keyId: "k2", sealed: "YWdhaW4=" };
  it("has the same versions, one of them sealed to that key", () => {
    givenSecret(put(1), put(2))
      .when({ name: "Reseal", ...other })
      .then(SecretResealed.of(other));
    const { state } = givenSecret(put(1), put(2), SecretResealed.of(other));
    expect(state?.versions.map(({ version, keyId }) => [version, keyId])).toEqual([
      [1, "k2"],
      [2, "k1"],
    ]);
  });
  it("is not sealed twice to one key: another requester was faster", () => {
    givenSecret(put(1), SecretResealed.of(other))
      .when({ name: "Reseal", ...other, sealed: "b3RoZXI=" })
      .then();
  });
  it("is refused for a version that is not stored", () => {
    givenSecret(put(1))
      .when({ name: "Reseal", ...other, version: 2 })
      .refused("SECRET_NOT_FOUND");
    givenSecret(put(1), SecretDeleted.of({}))
      .when({ name: "Reseal", ...other })
      .refused("SECRET_NOT_FOUND");
  });
});
