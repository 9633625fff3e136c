import { createServer, type RequestListener, type Server } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { downloadOf } from "./download.ts";
import { addressProblem } from "./result-address.ts";

const remote = ["http://10.0.0.1:1234", "http://192.0.2.7:1234"];
const here = ["http://127.0.0.1:1234"];
const result = (URL: unknown, type = "urlDownload") => ({ type, params: { URL } });

describe("the address of a result", () => {
  it.each([
    "file:///etc/passwd",
    "ftp://n-1/x.tar.gz",
    "data:application/gzip;base64,AAAA",
    "javascript:0",
    "gopher://n-1:70/x",
    "n-1/x.tar.gz",
    "",
    undefined,
    7,
  ])("%o is refused", (address) => {
    expect(() => downloadOf(result(address))).toThrow(/not an HTTP URL/);
  });

  it("is refused with a user or a password in it", () => {
    expect(() => downloadOf(result("http://root:secret@n-1/x.tar.gz"))).toThrow(/user or a password/);
  });

  it.each([
    ["http://169.254.169.254/latest/meta-data", remote, /link-local/],
    ["http://169.254.169.254/latest/meta-data", here, /link-local/],
    ["http://[::ffff:169.254.169.254]/x", here, /link-local/],
    ["http://[fe80::1]/x", here, /link-local/],
    ["http://127.0.0.1:8500/v1/kv", remote, /this machine itself/],
    ["http://2130706433/x", remote, /this machine itself/],
    ["http://localhost:8500/x", remote, /this machine itself/],
    ["http://[::1]:8500/x", remote, /this machine itself/],
    ["http://0.0.0.0:8500/x", remote, /this machine itself/],
  ])("%s is not fetched by a client of %j", async (address, endpoints, why) => {
    expect(await addressProblem(downloadOf(result(address)).url, endpoints)).toMatch(why);
  });

  it.each([
    ["http://127.0.0.1:41234/e-1.tar.gz", here],
    ["http://localhost:41234/e-1.tar.gz", ["http://[::1]:1234", "http://127.0.0.1:1234"]],
    ["http://10.0.0.9:41234/e-1.tar.gz", remote],
    ["https://192.0.2.99/e-1.tar.gz", here],
    ["http://10.0.0.1:1234/api/v1/results/e-1", remote],
  ])("%s is fetched by a client of %j", async (address, endpoints) => {
    expect(await addressProblem(downloadOf(result(address)).url, endpoints)).toBeUndefined();
  });
});

describe("a result in an S3 store", () => {
  const PreSignedURL = "https://data.s3.eu-west-1.amazonaws.com/j-1/e-1.tar.gz?X-Amz-Signature=0f";

  it("is fetched by its presigned URL", () => {
    const { url, label } = downloadOf({ type: "s3PreSigned", params: { SourceSpec: {}, PreSignedURL } });
    expect([url.href, label]).toEqual([PreSignedURL, "e-1"]);
  });
  it("without one is refused, with its place and what to do", () => {
    const place = { type: "s3", params: { Bucket: "data", Key: "a.tar.gz" } };
    expect(() => downloadOf(place)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('"Bucket":"data"'),
        hint: expect.stringContaining("S3 client"),
      }),
    );
  });
});

describe("a download", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const serve = (listener: RequestListener): Promise<string> =>
    new Promise((resolve) => {
      const listening = createServer(listener).listen(0, "127.0.0.1", () => {
        const at = listening.address();
        resolve(`http://127.0.0.1:${typeof at === "object" ? at?.port : 0}/e-1.tar.gz`);
      });
      server = listening;
    });
  const { signal } = new AbortController();

  it("has its size", async () => {
    const url = await serve((_, response) => response.writeHead(200, { "content-length": 5 }).end("hello"));
    const { stream, archiveBytes } = await downloadOf(result(url)).open(signal);
    expect(archiveBytes).toBe(5);
    expect((await buffer(stream)).toString()).toBe("hello");
  });

  it("does not follow redirects", async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve(({ url: path }, response) => {
      asked.push(path);
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    await expect(downloadOf(result(url)).open(signal)).rejects.toThrow(/redirects to \/elsewhere/);
    expect(asked).toEqual(["/e-1.tar.gz"]);
  });

  it("accepts a name that is not encoded correctly", () => {
    expect(downloadOf(result("http://n-1/%zz%.tar.gz")).label).toBe("_zz_");
  });
});
