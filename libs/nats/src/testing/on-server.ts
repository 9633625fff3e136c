import { describe } from "vitest";
import { findServer } from "../server/find-server.ts";

const isThere = await findServer().then(
  () => true,
  () => false,
);

/** Runs tests that need a nats-server; skips them where there is none, except on CI, which provides one. */
export function onServer(tests: () => void): void {
  if (isThere || process.env["CI"]) tests();
  else describe.skip("on a server (needs nats-server on PATH or its npm package)", tests);
}
