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
const fetchers: ReadonlyMap<string, Fetcher> = new Map([["urldownload", overHttp]]);

/** The download of a result. Throws CliError when its type is unknown. */
export function downloadOf({ type, params }: SpecConfig): Download {
  const fetcher = fetchers.get(type.toLowerCase());
  if (fetcher === undefined) {
    throw new CliError("RESULT_NOT_FOUND", `results of type "${type}" cannot be downloaded, only urlDownload`, "");
  }
  return fetcher(params);
}

function overHttp(params: Readonly<Record<string, unknown>>): Download {
  const given = Object.entries(params).find(([key]) => key.toLowerCase() === "url")?.[1];
  const url = resultAddress(given);
  const name = nameOf(url);
  return {
    url,
    label: name.replace(/\.(tar\.gz|tgz)$/, "").replaceAll(/[^\w.-]/g, "_") || "result",
    open: (signal) => openUrl(url, signal),
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

async function openUrl(url: URL, signal: AbortSignal): Promise<ResultDownload> {
  // No redirects: their target is as untrusted as the address that the node reports.
  const answer = await fetch(url, { signal, redirect: "manual" }).catch((failure: unknown) => {
    const why = failure instanceof Error ? String(failure.cause ?? failure.message) : String(failure);
    throw new CliError(
      "RESULT_NOT_FOUND",
      `${url.href} cannot be reached: ${why}`,
      "check that the node that published it is running",
    );
  });
  if (answer.status >= 300 && answer.status < 400) {
    const to = answer.headers.get("location") ?? "nowhere";
    throw new CliError(
      "RESULT_NOT_FOUND",
      `${url.href} redirects to ${to}; redirects are not followed`,
      "download it by hand if you trust it",
    );
  }
  if (!answer.ok || answer.body === null) {
    throw new CliError("RESULT_NOT_FOUND", `${url.href} answers HTTP ${answer.status}`);
  }
  const length = Number(answer.headers.get("content-length") ?? Number.NaN);
  return { stream: Readable.from(answer.body), archiveBytes: Number.isSafeInteger(length) ? length : undefined };
}
