import { createPrivateKey } from "node:crypto";
import { describe, expect, it } from "vitest";
import { newBoxKey, openSealed, publicKeyOf, sealTo } from "./sealed-box.ts";

const plain = Buffer.from("hunter2, in UTF-8: grüezi");

describe("a sealed box", () => {
  it("is opened by its receiver, and contains nothing of the value", () => {
    const key = newBoxKey();
    const sealed = sealTo(key.publicKey, plain, "a/b/1");
    expect(Buffer.from(openSealed(key, sealed, "a/b/1"))).toEqual(plain);
    expect(Buffer.from(sealed).includes("hunter2")).toBe(false);
    expect(sealed).toHaveLength(32 + plain.length + 16);
  });
  it("is different each time", () => {
    const key = newBoxKey();
    expect(sealTo(key.publicKey, plain, "c")).not.toEqual(sealTo(key.publicKey, plain, "c"));
  });
  it("that an earlier version has sealed is opened: the log stores it", () => {
    const der = "MC4CAQAwBQYDK2VuBCIEIGAyVTu/Tg89P1uWP4M514zcSTXdXLAF9heidFlf9RdJ";
    const privateKey = createPrivateKey({ key: Buffer.from(der, "base64"), format: "der", type: "pkcs8" });
    const sealed = "8C9GBmM14hCM5CqCunuGzApzmE3qL4UMu1n25a1nCGDuvp7b6AAP8bDQjANZbQWSku9B2GKBemYSwOvOqP4=";
    const opened = openSealed(
      { privateKey, publicKey: publicKeyOf(privateKey) },
      Buffer.from(sealed, "base64"),
      "team/token/1",
    );
    expect(Buffer.from(opened).toString()).toBe("a stored value");
  });
  it("is refused with another key or another context", () => {
    const key = newBoxKey();
    const sealed = sealTo(key.publicKey, plain, "team/token/1");
    expect(() => openSealed(newBoxKey(), sealed, "team/token/1")).toThrow();
    expect(() => openSealed(key, sealed, "team/token/2")).toThrow();
  });
  it("is refused after a change of any byte, and when it is cut off", () => {
    const key = newBoxKey();
    const sealed = sealTo(key.publicKey, Buffer.from("abc"), "c");
    for (const index of sealed.keys()) {
      const forged = Uint8Array.from(sealed);
      forged[index] = (forged[index] ?? 0) ^ 1;
      expect(() => openSealed(key, forged, "c"), `byte ${index}`).toThrow();
    }
    for (const length of [0, 47, sealed.length - 1])
      expect(() => openSealed(key, sealed.subarray(0, length), "c"), `${length} bytes`).toThrow();
  });
  it("is refused with a public key that gives no shared secret", () => {
    const key = newBoxKey();
    // Points of small order, the zero point among them: every agreement with them has the same result.
    expect(() => sealTo(new Uint8Array(32), plain, "c")).toThrow();
    expect(() => openSealed(key, new Uint8Array(64), "c")).toThrow();
  });
  it("holds a value of any size, also an empty one", () => {
    const key = newBoxKey();
    for (const value of [new Uint8Array(0), new Uint8Array(100_000).fill(7)])
      expect(openSealed(key, sealTo(key.publicKey, value, ""), "")).toEqual(Buffer.from(value));
  });
});
