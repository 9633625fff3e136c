import { expect, it } from "vitest";
import { paint } from "./paint.ts";
import { oneLine } from "./safe-text.ts";
import { table } from "./table.ts";
import { ago } from "./times.ts";

it("aligns its columns and leaves no spaces at the end of a line", () => {
  const columns = [
    { title: "ID", of: ([id]: readonly string[]) => id ?? "" },
    { title: "NAME", of: ([, name]: readonly string[]) => name ?? "" },
  ];
  expect(table(columns, [["j-1"], ["j-22", "größer"]])).toBe("ID    NAME\nj-1\nj-22  größer\n");
  expect(table(columns, [])).toBe("ID  NAME\n");
});

it("aligns coloured cells by their visible width", () => {
  const { red } = paint(true);
  const columns = [
    { title: "STATE", of: (state: string) => red(state) },
    { title: "X", of: () => "x" },
  ];
  expect(table(columns, ["failed"]).replaceAll("\u001b[31m", "").replaceAll("\u001b[39m", "")).toBe(
    "STATE   X\nfailed  x\n",
  );
});

it("removes control sequences from untrusted text", () => {
  expect(oneLine("a\nb\u001b]0;title\u0007c\u001b[2Jd")).toBe("a b ]0;title c [2Jd");
});

it.each([
  [0, "0s ago"],
  [119_000, "119s ago"],
  [120_000, "2m ago"],
  [2 * 3_600_000, "2h ago"],
  [47 * 3_600_000, "47h ago"],
  [48 * 3_600_000, "2d ago"],
  [-5_000, "0s ago"],
])("formats an age of %i ms", (ms, words) => {
  expect(ago(1_000_000_000_000, 1_000_000_000_000 + ms)).toBe(words);
});
