import { expect, it } from "vitest";
import { write } from "./terminal.ts";

it.each([
  ["a terminal gets no control sequences", true, "a]0;title\u001b[1mb\n"],
  ["a pipe gets every byte", false, "a\u001b]0;title\u0007\u001b[1mb\n"],
])("%s", (_, isTTY, expected) => {
  const written: string[] = [];
  write({ isTTY, write: (text) => written.push(String(text)) > 0 }, "a\u001b]0;title\u0007\u001b[1mb\n");
  expect(written).toEqual([expected]);
});
