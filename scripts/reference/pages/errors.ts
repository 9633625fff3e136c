import { errors } from "@shoal/proto";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

/** Every failure that has a name. */
export const errorsPage: ReferencePage = {
  file: "errors.md",
  title: "Errors",
  summary: "every failure that has a name, and what each door makes of it",
  from: "libs/proto/src/errors.ts",
  body: () =>
    table(
      ["code", "says", "what to do", "HTTP", "on the wire", "exit code", "may succeed later"],
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
