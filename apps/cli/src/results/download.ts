import { Readable } from "node:stream";
import type { SpecConfig } from "@shoal/proto";
import { CliError } from "../failure.ts";
import { resultAddress } from "./result-address.ts";

/** One result of a job, ready to be fetched. */
export interface Download {
  /** Tells results of one job apart: the last part of the address. */
  readonly label: string;
  /** Where it comes from. */
  readonly url: URL;
  open(signal: AbortSignal): Promise<ResultDownload>;
}

/** A result that is being fetched. */
export interface ResultDownload {
  readonly stream: Readable;
  /** How large the archive is; undefined when the server does not say. */
  readonly archiveBytes: number | undefined;
}

type Fetcher = (params: Readonly<Record<string, unknown>>) => Download;

/** How each type of result is fetched. */
const fetchers: ReadonlyMap<string, Fetcher> = new Map([["urldownload", overHttp]]);

/** How to fetch a result. Throws CliError when this command line does not know its type. */
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
    // A % that encodes nothing.
    return name;
  }
}

async function openUrl(url: URL, signal: AbortSignal): Promise<ResultDownload> {
  // Not led on: where a node's own server points to is as little to be trusted as what the node names.
  const answer = await fetch(url, { signal, redirect: "manual" }).catch((failure: unknown) => {
    const why = failure instanceof Error ? String(failure.cause ?? failure.message) : String(failure);
    throw new CliError(
      "RESULT_NOT_FOUND",
      `${url.href} cannot be reached: ${why}`,
      "is the node that made it still there?",
    );
  });
  if (answer.status >= 300 && answer.status < 400) {
    const to = answer.headers.get("location") ?? "nowhere";
    throw new CliError(
      "RESULT_NOT_FOUND",
      `${url.href} leads on to ${to}, which is not followed`,
      "fetch it by hand if you trust it",
    );
  }
  if (!answer.ok || answer.body === null) {
    throw new CliError("RESULT_NOT_FOUND", `${url.href} answers HTTP ${answer.status}`);
  }
  const length = Number(answer.headers.get("content-length") ?? Number.NaN);
  return { stream: Readable.from(answer.body), archiveBytes: Number.isSafeInteger(length) ? length : undefined };
}
