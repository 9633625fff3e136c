import { type OptionRow, type Options, wholeNumber } from "../../command.ts";

/** The options that choose versions of a job. */
export const versionOptions: readonly OptionRow[] = [
  {
    flags: "-v, --version <n>",
    summary: "of this version of the job; the latest by default",
    read: wholeNumber("--version", 0, Number.MAX_SAFE_INTEGER),
  },
  { flags: "--all-versions", summary: "of all versions of the job" },
];

/** What they mean in a query. */
export const versionsOf = (options: Options) => ({
  jobVersion: options.number("version"),
  allJobVersions: options.flag("allVersions") ? true : undefined,
});
