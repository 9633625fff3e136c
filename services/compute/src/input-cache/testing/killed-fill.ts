// Program of a test: stores two contents in a cache of 150 bytes, so that the second removes the first, and dies before
// the nth call that changes the disk. Arguments: the folder, n.
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";

const [folder = "", nth = "0"] = process.argv.slice(2);
let calls = 0;
const dying = <A extends readonly unknown[], R>(act: (...args: A) => R) =>
  function dieOrAct(...args: A): R {
    calls += 1;
    if (calls === Number(nth)) process.kill(process.pid, "SIGKILL");
    return act(...args);
  };
Object.assign(fs, {
  mkdir: dying(fs.mkdir),
  rename: dying(fs.rename),
  writeFile: dying(fs.writeFile),
  link: dying(fs.link),
  rm: dying(fs.rm),
});
syncBuiltinESMExports();

const { createInputCache } = await import("../input-cache.ts");
const logger = { info() {}, warn() {} };
const cache = createInputCache({ folder: join(folder, "cache"), maxBytes: 150, logger });
for (const key of ["b", "a"]) {
  const to = join(folder, "executions", key);
  await fs.mkdir(to, { recursive: true });
  const base = { namespace: "default", params: {}, partition: { index: 0, count: 1 }, room: { take() {} } };
  await cache.fetch({
    key,
    request: { ...base, folder: to, signal: new AbortController().signal },
    fill: async (into) => {
      const hostPath = join(into.folder, "content");
      await fs.mkdir(join(hostPath, "deep"), { recursive: true });
      await fs.writeFile(join(hostPath, "file"), key.repeat(100));
      await fs.writeFile(join(hostPath, "deep", "er"), key);
      return { hostPath, readOnly: true, sizeBytes: 100, name: "named" };
    },
  });
  await fs.rm(to, { recursive: true });
}
