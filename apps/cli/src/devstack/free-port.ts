import { once } from "node:events";
import { createServer } from "node:net";
import { CliError } from "../failure.ts";

/** Checks that no process listens on a port of this machine; 0 is always free. Throws CliError that names the port and the flag. */
export async function wantFreePort(port: number, flag: string): Promise<void> {
  if (port === 0) return;
  const server = createServer();
  try {
    const listening = once(server, "listening");
    server.listen(port, "127.0.0.1");
    await listening;
  } catch (failure) {
    const code = failure instanceof Error && "code" in failure ? failure.code : undefined;
    const why = code === "EADDRINUSE" ? "another process listens on it" : String(failure);
    throw new CliError(
      "CONFIG_INVALID",
      `port ${port} cannot be used: ${why}`,
      `choose another with ${flag}; 0 takes any free one`,
    );
  } finally {
    server.close();
  }
}
