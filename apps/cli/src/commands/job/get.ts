import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type CommandPart, wholeNumber } from "../../command.ts";
import { CliError } from "../../failure.ts";
import { downloadOf } from "../../results/download.ts";
import { unpack } from "../../results/unpack.ts";

// The field's own limit.
const downloadSeconds = 300;

export const get: CommandPart = {
  name: "get",
  takes: "<job>",
  says: "download the results of a job",
  options: [
    { flags: "--output-dir <folder>", says: "where to; by default job-<job> in the current folder" },
    { flags: "--raw", says: "keep a folder for every execution instead of merging them" },
    {
      flags: "--download-timeout-secs <seconds>",
      says: "give up after this time",
      read: wholeNumber("--download-timeout-secs", 1, 86_400),
      fallback: downloadSeconds,
    },
  ],
  async run({ context, args: [job = ""], options }) {
    const { terminal, namespace } = context;
    const results = await context.client().results(job, { namespace });
    if (results.length === 0) {
      throw new CliError(
        "RESULT_NOT_FOUND",
        `job ${job} has no results`,
        "has it completed, and does its task name a publisher?",
      );
    }
    const into = resolve(options.text("outputDir") ?? folderOf(job, namespace));
    await makeFolder(into);
    const signal = AbortSignal.any([
      context.interrupted(),
      AbortSignal.timeout((options.number("downloadTimeoutSecs") ?? downloadSeconds) * 1000),
    ]);
    try {
      for (const download of results.map(downloadOf)) {
        const folder = options.flag("raw") ? join(into, download.label) : into;
        await mkdir(folder, { recursive: true });
        const { remarks } = await unpack(await download.open(signal), { into: folder, label: download.label });
        for (const remark of remarks) terminal.err(`Warning: ${remark}\n`);
      }
    } catch (failure) {
      // Half a result would be taken for a whole one.
      await rm(into, { recursive: true, force: true });
      throw failure;
    }
    terminal.out(`Results for job '${job}' have been written to...\n${into}\n`);
    return 0;
  },
};

function folderOf(job: string, namespace: string | undefined): string {
  const name = namespace === undefined || namespace === "default" ? job : `${namespace}-${job}`;
  return `job-${name.replaceAll(/[^\w.-]/g, "_")}`;
}

/** The folder must be new: it is removed again when something goes wrong, and must then hold nothing else. */
async function makeFolder(path: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true });
  await mkdir(path).catch((failure: unknown) => {
    const taken = failure instanceof Error && "code" in failure && failure.code === "EEXIST";
    if (!taken) throw failure;
    throw new CliError("BAD_REQUEST", `${path} is there already`, "remove it, or name another folder: --output-dir");
  });
}
