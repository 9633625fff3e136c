import { addBehind, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

/** A row of the error table. */
export const error: PartTemplate = {
  name: "error",
  summary: "a failure with a name: write its status, exit code, sentence and hint in its row, and throw it",
  files: () => ({}),
  edits: ({ kebab, constant }) => [
    {
      path: "libs/proto/src/errors.ts",
      change: addBehind(
        "export const errors = {\n",
        `  ${constant}: { http: 500, wire: "InternalError", exit: 1, retry: false, summary: "the failure ${kebab} has no sentence yet", hint: "report it with the request id" },
`,
      ),
    },
    {
      path: "services/requester/src/wire/error-reply.test.ts",
      change: addItem(
        "[status: number, wire: string, exit: number, retry: boolean]>> = {",
        `${constant}: [500, "InternalError", 1, false]`,
      ),
    },
  ],
};
