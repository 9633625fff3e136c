import { join } from "node:path";
import { sourceParams } from "@shoal/proto";
import { type DownloadPorts, download, type GetAnswer } from "../../outbound/download.ts";
import { get, shownUrl } from "../../outbound/get.ts";
import { type Reach, unreachableUrl } from "../../outbound/reach.ts";
import type { ContentIdentity, Fetched, FetchRequest, Source } from "../source.ts";

const UrlDownloadParams = sourceParams.urldownload;

export interface UrlDownloadOptions extends DownloadPorts {
  readonly reach: Reach;
}

// The limit of most browsers is 20; no honest chain is as long as half of that.
const redirectsMax = 10;
const fileName = "content";
// A URL without a name at its end; the word that browsers use.
const unnamed = "download";
// The limit of file systems on Linux.
const nameMaxBytes = 255;

/** Downloads a file over HTTP or HTTPS. */
export function urlDownload({ reach, ...ports }: UrlDownloadOptions): Source {
  return {
    name: "urldownload",
    params: UrlDownloadParams,
    unavailable: async () => undefined,
    refuses: async (params) => unreachableUrl(new URL(UrlDownloadParams.parse(params).URL), reach),
    identify: (request) => identityOf(request, reach),
    fetch: async ({ params, folder, room, signal, identity }: FetchRequest): Promise<Fetched> => {
      const { URL: text, ChecksumSHA256: checksum } = UrlDownloadParams.parse(params);
      const url = new URL(text);
      const path = join(folder, fileName);
      const sizeBytes = await download(ports, {
        ...{ path, room, signal, shown: shownUrl(url), sha256: inHex(checksum) },
        validator: identity?.isDigest === false ? validatorIn(identity) : "",
        open: (headers, stop) => get({ url, headers, reach, signal: stop, redirectsMax }),
      });
      return { hostPath: path, readOnly: true, sizeBytes, name: nameOf(url) };
    },
    close: async () => {},
  };
}

/**
 * The checksum of the job, or else what the server says of the file now. Without a reliable word of the server the file
 * is fetched each time.
 */
async function identityOf({ params, signal }: FetchRequest, reach: Reach): Promise<ContentIdentity | undefined> {
  const { URL: text, ChecksumSHA256: checksum } = UrlDownloadParams.parse(params);
  const url = new URL(text);
  if (checksum !== "") return { key: JSON.stringify([inHex(checksum), nameOf(url)]), isDigest: true };
  try {
    const headers = { "accept-encoding": "identity" };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(headMs)]);
    const answer = await get({ url, headers, reach, signal: limit, redirectsMax, method: "HEAD" });
    answer.body.destroy();
    const validator = validatorOf(answer.headers);
    return validator === undefined ? undefined : { key: JSON.stringify([text, validator]), isDigest: false };
  } catch {
    return undefined;
  }
}

// A server that takes longer for a HEAD is asked for the file at once.
const headMs = 5_000;
// By then another change within the same second has another time (RFC 9110, 8.8.2.2 asks for at least one second).
const settledMs = 60_000;

/** What proves that a file is the same byte for byte: a strong ETag, or a time of change that is well in the past. */
function validatorOf({ etag = "", "last-modified": modified = "", date, ...headers }: GetAnswer["headers"]) {
  if (/\bno-store\b/i.test(headers["cache-control"] ?? "")) return undefined;
  if (etag !== "") return etag.startsWith("W/") ? undefined : etag;
  return Date.parse(date ?? "") - Date.parse(modified) >= settledMs ? modified : undefined;
}

const validatorIn = ({ key }: ContentIdentity): string => String(JSON.parse(key)[1]);

/** A SHA-256 in hex, from hex or base64. */
const inHex = (checksum: string): string =>
  checksum.length === 44 ? Buffer.from(checksum, "base64").toString("hex") : checksum.toLowerCase();

/** The file name at the end of a URL's path; never a path, whatever is encoded in it. */
function nameOf({ pathname }: URL): string {
  const last = decoded(pathname.slice(pathname.lastIndexOf("/") + 1));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be in a name.
  const usable = !/[/\\\u0000-\u001f\u007f]/.test(last) && Buffer.byteLength(last) <= nameMaxBytes;
  return usable && !["", ".", ".."].includes(last) ? last : unnamed;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
