import { randomBytes } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { afterEach, beforeEach, expect, it } from "vitest";
import { inboxPrefixOf, permissionsOfNode } from "../rights/rights.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { createObjectReader, type ObjectReader } from "./object-reader.ts";

onServer(() => {
  const pass = "secret";
  const everything = { publish: { allow: [">"] }, subscribe: { allow: [">"] } };
  const users = [
    { user: "admin", password: pass, rights: everything },
    { user: "n1", password: pass, rights: permissionsOfNode("n1", { inputBuckets: ["inputs"] }) },
  ];

  let harness: NatsHarness;
  let reader: ObjectReader;
  let inputs: ObjectStore;
  let other: ObjectStore;
  beforeEach(async () => {
    harness = await natsHarness({ topology: false, users });
    const admin = await harness.session({ user: "admin", pass });
    const stores = new Objm(jetstream(admin.nc));
    inputs = await stores.create("inputs");
    other = await stores.create("other");
    reader = createObjectReader(await harness.session({ user: "n1", pass, inboxPrefix: inboxPrefixOf("n1") }));
  });
  afterEach(() => harness.close());

  it.each([0, 1, 131_073, 700_000])("reads an object of %i bytes with the rights of a node", async (size) => {
    const bytes = randomBytes(size);
    // A name whose base64 has both characters that differ in the URL-safe alphabet.
    const name = "a/b?>~ c>>?";
    await inputs.put({ name }, new Blob([bytes]).stream());
    const object = await reader.open("inputs", name);
    expect(object).toMatchObject({ ...(await reader.info("inputs", name)), sizeBytes: size });
    expect(Buffer.compare(Buffer.from(await new Response(object?.bytes).arrayBuffer()), bytes)).toBe(0);
  });

  it("lists the names that begin with a prefix", async () => {
    for (const name of ["data/2", "data/1", "else"]) await inputs.put({ name }, new Blob(["x"]).stream());
    expect(await reader.names("inputs", "data/")).toEqual(["data/1", "data/2"]);
    expect(await reader.names("inputs", "nothing")).toEqual([]);
  });

  it("has nothing under a name that was never stored or was removed, and follows no link", async () => {
    expect(await reader.open("inputs", "a")).toBeUndefined();
    await inputs.put({ name: "a" }, new Blob(["x"]).stream());
    await inputs.delete("a");
    expect(await reader.open("inputs", "a")).toBeUndefined();
    const target = await other.put({ name: "secret" }, new Blob(["x"]).stream());
    await inputs.link("link", target);
    await expect(reader.open("inputs", "link")).rejects.toMatchObject({ code: "INPUT_UNAVAILABLE" });
  });

  it("fails the stream when the bytes are not those of the digest", async () => {
    const saved = await inputs.put({ name: "a" }, new Blob([randomBytes(300_000)]).stream());
    const admin = await harness.session({ user: "admin", pass });
    await (await admin.manager()).streams.deleteMessage("OBJ_inputs", 3);
    await admin.publisher.publish({ subject: `$O.inputs.C.${saved.nuid}`, bytes: new Uint8Array(37_856) });
    const object = await reader.open("inputs", "a");
    await expect(new Response(object?.bytes).arrayBuffer()).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  });

  it("may not read a bucket that was not granted", async () => {
    await other.put({ name: "secret" }, new Blob(["x"]).stream());
    await expect(reader.open("other", "secret")).rejects.toMatchObject({ code: "NATS_REFUSED" });
    await expect(reader.names("other", "")).rejects.toMatchObject({ code: "NATS_REFUSED" });
  });
});
