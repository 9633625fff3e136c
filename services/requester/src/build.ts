import { type BuildVersion, shoalReleasedAt, shoalVersion } from "@shoal/proto";
import type { z } from "zod";

// The release of Bacalhau's API that this service implements (reference: its wire format). Its clients compare it with
// their own version.
const speaks = { major: "1", minor: "9", gitVersion: "v1.9.3" };

/** The version in the form that Bacalhau's clients read; the commit is Shoal's. */
export const build: z.infer<typeof BuildVersion> = {
  ...speaks,
  gitCommit: `shoal-${shoalVersion}`,
  buildDate: shoalReleasedAt,
  goos: process.platform,
  goarch: process.arch === "x64" ? "amd64" : process.arch,
};

/** Sent with every response. */
export const buildHeaders: Readonly<Record<string, string>> = {
  "x-bacalhau-git-version": build.gitVersion,
  "x-bacalhau-git-commit": build.gitCommit,
  "x-bacalhau-build-date": build.buildDate,
  "x-bacalhau-build-os": build.goos,
  "x-bacalhau-arch": build.goarch,
  "x-shoal-version": shoalVersion,
};
