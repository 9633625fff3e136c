import { Readable } from "node:stream";
import type { SpecConfig } from "@shoal/proto";
import { CliError } from "../failure.ts";

/** One result of a job, ready to be fetched. */
export interface Download {
  /** Tells results of one job apart: the last part of the address. */
  readonly label: string;
  open(signal: AbortSignal): Promise<Readable>;
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
  const url = URL.parse(String(given));
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new CliError("RESULT_NOT_FOUND", `the result's address is no HTTP URL: ${JSON.stringify(given)}`);
  }
  const name = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  return {
    label: name.replace(/\.(tar\.gz|tgz)$/, "").replaceAll(/[^\w.-]/g, "_") || "result",
    open: (signal) => openUrl(url, signal),
  };
}

async function openUrl(url: URL, signal: AbortSignal): Promise<Readable> {
  const answer = await fetch(url, { signal }).catch((failure: unknown) => {
    const why = failure instanceof Error ? String(failure.cause ?? failure.message) : String(failure);
    throw new CliError(
      "RESULT_NOT_FOUND",
      `${url.href} cannot be reached: ${why}`,
      "is the node that made it still there?",
    );
  });
  if (!answer.ok || answer.body === null) {
    throw new CliError("RESULT_NOT_FOUND", `${url.href} answers HTTP ${answer.status}`);
  }
  return Readable.from(answer.body);
}
