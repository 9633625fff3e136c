import { expect, it } from "vitest";
import { play } from "./play.ts";
import { scenarios } from "./scenarios.ts";

// Changes are shown line by line. -u rewrites a transcript; read it before you commit it.
it.each(scenarios)("$description", async (scenario) => {
  await expect(await play(scenario)).toMatchFileSnapshot(`transcripts/${scenario.name}.txt`);
});
