import { once } from "node:events";
import { serveRequester } from "./serve.ts";

const quit = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]).then(() => {});

await serveRequester({
  given: { env: process.env, flags: {} },
  quit,
  onReady: (facts) => process.stdout.write(`${JSON.stringify({ ready: true, ...facts })}\n`),
});
