import { describe, expect, it } from "vitest";
import { JobSpec } from "./spec.ts";

const spec = (more: object, task: object = {}) => ({
  type: "batch",
  tasks: [{ name: "main", engine: { type: "noop" }, ...task }],
  ...more,
});

// Direction marks, an invisible joiner, a byte order mark, a soft hyphen, a tag character; an escape, a C1 control.
const hidden = ["\u202e", "\u2066", "\u200d", "\ufeff", "\u00ad", "\u{e0041}", "\u001b", "\u009b"];

describe("a text of a job that is shown to users", () => {
  it.each(hidden.map((character) => [character.codePointAt(0)?.toString(16), character]))(
    "holds no U+%s",
    (_, character) => {
      const text = `invoice${character}gnp.exe`;
      const refused = [
        spec({ name: text }),
        spec({ labels: { [text]: "x" } }),
        spec({ labels: { x: text } }),
        spec({ constraints: [{ key: text, operator: "exists" }] }),
        spec({}, { name: text }),
        spec({}, { resultPaths: [{ name: text, path: "/out" }], publisher: { type: "local" } }),
      ];
      for (const each of refused) {
        const parsed = JobSpec.safeParse(each);
        expect(parsed.success).toBe(false);
        expect(parsed.error?.issues.map(({ message }) => message).join()).toMatch(/control|format character/);
      }
    },
  );

  it("may be in any script", () => {
    const name = "größer-日本語-العربية-🐟";
    expect(JobSpec.parse(spec({ name, labels: { [name]: name } }))).toMatchObject({ name, labels: { [name]: name } });
  });

  it("does not change text that is not shown", () => {
    const meta = { note: "a\u200db\n" };
    expect(JobSpec.parse(spec({ meta }))).toMatchObject({ meta });
  });
});
