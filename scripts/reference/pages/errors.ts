import { errors } from "@shoal/proto";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

/** Every error code. */
export const errorsPage: ReferencePage = {
  file: "errors.md",
  title: "Errors",
  summary: "every error code, with its HTTP status and exit code",
  from: "libs/proto/src/errors.ts",
  body: () =>
    table(
      ["code", "message", "hint", "HTTP", "wire code", "exit code", "retryable"],
      Object.entries(errors).map(([name, { summary, hint, http, wire, exit, retry }]) => [
        code(name),
        summary,
        hint,
        `${http}`,
        code(wire),
        `${exit}`,
        retry ? "yes" : "no",
      ]),
    ),
};
