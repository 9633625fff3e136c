import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseBytes } from "@shoal/proto";
import { type CommandPart, type Invocation, wholeNumber } from "../../command.ts";
import { CliError } from "../../failure.ts";
import { oneLine } from "../../output/safe-text.ts";
import { allowanceOf } from "../../results/allowance.ts";
import { type Download, downloadOf } from "../../results/download.ts";
import { addressProblem } from "../../results/result-address.ts";
import { unpack } from "../../results/unpack.ts";

// Bacalhau's limit.
const downloadSeconds = 300;

export const get: CommandPart = {
  options: [
    { flags: "--output-dir <folder>", summary: "target folder; by default job-<job> in the current folder" },
    { flags: "--raw", summary: "one folder for each execution instead of a merged one" },
    {
      flags: "--download-timeout-secs <seconds>",
      summary: "give up after this time",
      read: wholeNumber("--download-timeout-secs", 1, 86_400),
      fallback: downloadSeconds,
    },
    {
      flags: "--max-size <size>",
      summary: "limit of the unpacked size of all results, as in 50GiB; without it the command asks above 10 GiB",
      read: sizeOf,
    },
    { flags: "--yes", summary: "accept results of up to 100 GiB without a question" },
    {
      flags: "--any-address",
      summary: "also fetch results from loopback and link-local addresses that a node reports",
    },
  ],
  async run(call) {
    const {
      context,
      args: [job = ""],
      options,
    } = call;
    const { terminal, namespace } = context;
    const results = await (await context.client()).results(job, { namespace });
    if (results.length === 0) {
      throw new CliError(
        "RESULT_NOT_FOUND",
        `job ${job} has no results`,
        "check that it has completed and that its task has a publisher",
      );
    }
    const into = resolve(options.text("outputDir") ?? folderOf(job, namespace));
    await makeFolder(into);
    const signal = AbortSignal.any([
      context.interrupted(),
      AbortSignal.timeout((options.number("downloadTimeoutSecs") ?? downloadSeconds) * 1000),
    ]);
    try {
      await fetchAll(call, results.map(downloadOf), { into, signal });
    } catch (failure) {
      // A partial result would look like a complete one.
      await rm(into, { recursive: true, force: true });
      throw failure;
    }
    terminal.out(`Results for job '${job}' have been written to...\n${into}\n`);
    return 0;
  },
};

interface FetchTarget {
  readonly into: string;
  readonly signal: AbortSignal;
}

async function fetchAll(
  { context, options }: Invocation,
  downloads: readonly Download[],
  { into, signal }: FetchTarget,
): Promise<void> {
  const { terminal } = context;
  const { ask } = terminal;
  const allowance = allowanceOf({
    maxBytes: options.number("maxSize"),
    yes: options.flag("yes"),
    ask: ask && ((question) => ask(question, signal)),
  });
  if (!options.flag("anyAddress")) await refuseAddresses(downloads, context.endpoints());
  for (const { origin } of new Map(downloads.map(({ url }) => [url.origin, url])).values()) {
    terminal.err(`Downloading from ${oneLine(origin)}\n`);
  }
  for (const download of downloads) {
    const folder = options.flag("raw") ? join(into, download.label) : into;
    const { stream, archiveBytes = 0 } = await download.open(signal);
    await allowance.expect(archiveBytes).catch((failure: unknown) => {
      stream.destroy();
      throw failure;
    });
    const { remarks } = await unpack(stream, { into: folder, label: download.label, allowance });
    for (const remark of remarks) terminal.err(`Warning: ${oneLine(remark)}\n`);
  }
}

async function refuseAddresses(downloads: readonly Download[], endpoints: readonly string[]): Promise<void> {
  for (const { url } of downloads) {
    const problem = await addressProblem(url, endpoints);
    if (problem === undefined) continue;
    const hint =
      "if you expect this, repeat with --any-address; otherwise set publishers.local.address of the node to an address that you can reach";
    throw new CliError("RESULT_NOT_FOUND", `a node reports ${url.origin} for its result: ${problem}`, hint);
  }
}

function sizeOf(text: string): number {
  const size = parseBytes(text);
  if (size.ok && size.value >= 1) return size.value;
  throw new CliError("BAD_REQUEST", `--max-size: expected a size such as 50GiB, got "${text}"`, "");
}

function folderOf(job: string, namespace: string | undefined): string {
  const name = namespace === undefined || namespace === "default" ? job : `${namespace}-${job}`;
  return `job-${name.replaceAll(/[^\w.-]/g, "_")}`;
}

/** Creates the folder. It must be new, because it is removed on failure. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await mkdir(path).catch((failure: unknown) => {
    const taken = failure instanceof Error && "code" in failure && failure.code === "EEXIST";
    if (!taken) throw failure;
    throw new CliError(
      "BAD_REQUEST",
      `${path} already exists`,
      "remove it, or choose another folder with --output-dir",
    );
  });
}
