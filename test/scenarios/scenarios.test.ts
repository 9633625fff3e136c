import { expect, it } from "vitest";
import { play } from "./play.ts";
import { scenarios } from "./scenarios.ts";

// What changed is shown line by line; a transcript is written anew with -u, and read before it is kept.
it.each(scenarios)("$shows", async (scenario) => {
  await expect(await play(scenario)).toMatchFileSnapshot(`transcripts/${scenario.name}.txt`);
});
