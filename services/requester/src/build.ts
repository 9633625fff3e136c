import { type BuildVersion, shoalReleasedAt, shoalVersion } from "@shoal/proto";
import type { z } from "zod";

// The release of the field's API that this one speaks (reference: its wire format); its clients compare it with their own.
const speaks = { major: "1", minor: "9", gitVersion: "v1.9.3" };

/** The version as the field's clients understand it; the commit names our own. */
export const build: z.infer<typeof BuildVersion> = {
  ...speaks,
  gitCommit: `shoal-${shoalVersion}`,
  buildDate: shoalReleasedAt,
  goos: process.platform,
  goarch: process.arch === "x64" ? "amd64" : process.arch,
};

/** Said with every answer. */
export const buildHeaders: Readonly<Record<string, string>> = {
  "x-bacalhau-git-version": build.gitVersion,
  "x-bacalhau-git-commit": build.gitCommit,
  "x-bacalhau-build-date": build.buildDate,
  "x-bacalhau-build-os": build.goos,
  "x-bacalhau-arch": build.goarch,
  "x-shoal-version": shoalVersion,
};
