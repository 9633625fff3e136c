import { Readable } from "node:stream";
import type { SpecConfig } from "@shoal/proto";
import { CliError } from "../failure.ts";
import { resultAddress } from "./result-address.ts";

/** A downloadable result of a job. */
export interface Download {
  /** Distinguishes results of one job: the last part of the address. */
  readonly label: string;
  /** The address of the archive. */
  readonly url: URL;
  open(signal: AbortSignal): Promise<ResultDownload>;
}

/** A result in transfer. */
export interface ResultDownload {
  readonly stream: Readable;
  /** The size of the archive; undefined when the server does not send it. */
  readonly archiveBytes: number | undefined;
}

type Fetcher = (params: Readonly<Record<string, unknown>>) => Download;

/** The downloads, by type of result. */
const fetchers: ReadonlyMap<string, Fetcher> = new Map([
  ["urldownload", overHttp("URL")],
  ["s3presigned", overHttp("PreSignedURL")],
]);

/** What to do with results that need another program, by type. */
const instead: Readonly<Record<string, string>> = {
  s3: "fetch it with an S3 client and its credentials: the requester did not presign it (results.s3 in its settings)",
  ipfs: "fetch it with an IPFS node: ipfs get <CID>",
};

/** The download of a result. Throws CliError when its type is unknown. */
export function downloadOf({ type, params }: SpecConfig): Download {
  const fetcher = fetchers.get(type.toLowerCase());
  if (fetcher === undefined) {
    const why = `results of type "${type}" cannot be downloaded, only urlDownload and s3PreSigned: ${JSON.stringify(params)}`;
    throw new CliError("RESULT_NOT_FOUND", why, instead[type.toLowerCase()] ?? "");
  }
  return fetcher(params);
}

/** The download over HTTP of results whose address has this name among their params. */
function overHttp(addressName: string): Fetcher {
  return (params) => {
    const given = Object.entries(params).find(([key]) => key.toLowerCase() === addressName.toLowerCase())?.[1];
    const url = resultAddress(given);
    const name = nameOf(url);
    return {
      url,
      label: name.replace(/\.(tar\.gz|tgz)$/, "").replaceAll(/[^\w.-]/g, "_") || "result",
      open: (signal) => openUrl(url, signal),
    };
  };
}

function nameOf({ pathname }: URL): string {
  const name = pathname.split("/").at(-1) ?? "";
  try {
    return decodeURIComponent(name);
  } catch {
    // A % that is not the start of an escape.
    return name;
  }
}

/** A URL for messages: without its query, which may be a signature. */
const shownUrl = ({ origin, pathname }: URL): string => `${origin}${pathname}`;

async function openUrl(url: URL, signal: AbortSignal): Promise<ResultDownload> {
  // No redirects: their target is as untrusted as the address that the node reports.
  const answer = await fetch(url, { signal, redirect: "manual" }).catch((failure: unknown) => {
    const why = failure instanceof Error ? String(failure.cause ?? failure.message) : String(failure);
    throw new CliError(
      "RESULT_NOT_FOUND",
      `${shownUrl(url)} cannot be reached: ${why}`,
      "check that the node that published it is running",
    );
  });
  if (answer.status >= 300 && answer.status < 400) {
    const to = answer.headers.get("location") ?? "nowhere";
    throw new CliError(
      "RESULT_NOT_FOUND",
      `${shownUrl(url)} redirects to ${to}; redirects are not followed`,
      "download it by hand if you trust it",
    );
  }
  if (!answer.ok || answer.body === null) {
    throw new CliError("RESULT_NOT_FOUND", `${shownUrl(url)} answers HTTP ${answer.status}`);
  }
  const length = Number(answer.headers.get("content-length") ?? Number.NaN);
  return { stream: Readable.from(answer.body), archiveBytes: Number.isSafeInteger(length) ? length : undefined };
}
