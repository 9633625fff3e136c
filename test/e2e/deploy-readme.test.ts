import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const machine = fileURLToPath(new URL("./deploy-machine/machine.sh", import.meta.url));
const namespaces = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"];
// Two installations from the lock file and four starts of services; far more than a slow disk needs.
const limitMs = 480_000;

/** The blocks of a page that are run: those with the fence `sh` alone. */
function blocksOf(page: string): readonly string[] {
  return [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
}

async function writeBlocks(folder: string): Promise<number> {
  const blocks = blocksOf(await readFile(join(root, "deploy/README.md"), "utf8"));
  await mkdir(join(folder, "blocks"));
  for (const [index, block] of blocks.entries()) {
    // The last commit of this checkout is used as the repository.
    const here = block.replaceAll("<this repository>", root);
    await writeFile(join(folder, "blocks", `${index + 1}`.padStart(2, "0")), here);
  }
  return blocks.length;
}

const isRoot = process.platform === "linux" && process.getuid?.() === 0;

it.skipIf(!isRoot)(
  "deploy/README.md sets up a cluster, block by block (needs Linux and root, for namespaces)",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "shoal-machine-"));
    try {
      const count = await writeBlocks(folder);
      const path = (process.env["PATH"] ?? "").split(delimiter).filter((each) => !each.startsWith(root));
      const child = spawn("unshare", [...namespaces, "bash", machine, folder], {
        env: { ...process.env, PATH: path.join(delimiter) },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = once(child, "close");
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      const [code] = await ended;
      expect(code, `${stdout}\n${stderr}`).toBe(0);
      expect(stdout).toContain(`== ${count}\n`);
      expect(stdout).toContain("== done");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  limitMs,
);
