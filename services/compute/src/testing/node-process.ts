import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const program = `
  const { serveCompute } = await import(${JSON.stringify(new URL("../serve.ts", import.meta.url).href)});
  const given = { env: {}, flags: JSON.parse(process.argv[1]) };
  await serveCompute({ given, quit: new Promise(() => {}), onReady: () => process.stdout.write("ready\\n") });
`;

/** Starts a node in a separate process; resolves when it bids. */
export async function startNode(flags: object): Promise<ChildProcess> {
  const args = ["--input-type=module", "-e", program, JSON.stringify(flags)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(createInterface({ input: child.stdout }), "line");
  return child;
}

/** Ends it with SIGKILL at any point; succeeds when it has already ended. */
export async function killNode(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}
