import { once } from "node:events";
import { serveCompute } from "./serve.ts";

const quit = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]).then(() => {});

await serveCompute({
  given: { env: process.env, flags: {} },
  quit,
  onReady: (facts) => process.stdout.write(`${JSON.stringify({ ready: true, ...facts })}\n`),
});
