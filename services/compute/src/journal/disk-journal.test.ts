import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diskJournal } from "./disk-journal.ts";
import type { Journal } from "./journal.ts";
import { journalContract } from "./journal-contract.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-journal-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const folder = () => mkdtemp(join(root, "place-"));

journalContract("a journal on disk", async () => {
  const at = await folder();
  return { open: () => diskJournal(at) };
});

/** A process that writes entries without end, and prints the number of each after it is written. */
const writer = `
  const { diskJournal } = await import(${JSON.stringify(new URL("./disk-journal.ts", import.meta.url).href)});
  const journal = diskJournal(process.argv[1]);
  for (let n = 1; ; n++) {
    await journal.write({ phase: "starting", executionId: "e-" + n });
    process.stdout.write(n + "\\n");
  }
`;

/** Opens, reads and writes, as a node does at its start; returns the outcome. */
async function used(at: string): Promise<string> {
  let journal: Journal | undefined;
  try {
    journal = diskJournal(at);
    await journal.load();
    await journal.write({ phase: "starting", executionId: "e-new" });
    return "used";
  } catch (failure) {
    expect(failure).toMatchObject({ name: "Fault", code: "DATA_DIR_FAILED" });
    const text = String(failure);
    if (/expected format 2 in .*, got -?\d+: start the version/.test(text)) return "other format";
    expect(text).toMatch(/journal\.sqlite cannot be used .* \(.+\).* damaged: stop the node, move journal\.sqlite/);
    return "names the cure";
  } finally {
    await journal?.close();
  }
}

describe("a journal on disk", () => {
  it("has every acknowledged entry after a kill -9 between writes", async () => {
    const at = await folder();
    const child = spawn(process.execPath, ["--input-type=module", "-e", writer, at], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let last = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      if (last === 500) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    expect(child.signalCode).toBe("SIGKILL");
    const journal = diskJournal(at);
    const ids = new Set((await journal.load()).map(({ executionId }) => executionId));
    await journal.close();
    expect(last).toBeGreaterThanOrEqual(500);
    for (let n = 1; n <= last; n++) expect(ids.has(`e-${n}`)).toBe(true);
  });

  it("is exclusive to one process", async () => {
    const at = await folder();
    const first = diskJournal(at);
    expect(() => diskJournal(at)).toThrow(expect.objectContaining({ code: "DATA_DIR_IN_USE" }));
    await first.close();
    await diskJournal(at).close();
  });

  it("explains why a folder cannot be used", async () => {
    const unusable = expect.objectContaining({ code: "DATA_DIR_FAILED", why: expect.stringContaining("absent") });
    expect(() => diskJournal(join(root, "absent"))).toThrow(unusable);
  });

  it("does not change a file of another version", async () => {
    const at = await folder();
    const other = new DatabaseSync(join(at, "journal.sqlite"));
    other.exec("PRAGMA user_version = 99");
    other.close();
    expect(() => diskJournal(at)).toThrow(expect.objectContaining({ why: expect.stringContaining("got 99") }));
  });

  it("explains the repair of a file with one flipped byte, and throws no other error", async () => {
    const at = await folder();
    const path = join(at, "journal.sqlite");
    const first = diskJournal(at);
    for (let n = 1; n <= 20; n++) await first.write({ phase: "starting", executionId: `e-${n}` });
    await first.close();
    const whole = await readFile(path);
    const ends = new Map<string, number>();
    // Every byte of the header and of the schema's page, then samples of the rest: one at a time.
    for (let offset = 0; offset < whole.length; offset += offset < 1_024 ? 1 : 13) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(whole.readUInt8(offset) ^ 0xff, offset);
      for (const name of await readdir(at)) await rm(join(at, name));
      await writeFile(path, flipped);
      const end = await used(at);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    expect([...ends.keys()].sort()).toEqual(["names the cure", "other format", "used"]);
  });

  it("explains the repair of a file of another kind", async () => {
    const at = await folder();
    await writeFile(join(at, "journal.sqlite"), "this is no database, and longer than a header of one: ".repeat(40));
    expect(await used(at)).toBe("names the cure");
  });

  it("reads an invalid entry as a begun execution", async () => {
    const at = await folder();
    await diskJournal(at).close();
    const other = new DatabaseSync(join(at, "journal.sqlite"));
    other.exec("INSERT INTO executions VALUES ('e-1', 'nonsense'), ('e-2', '{\"phase\":\"unheard of\"}')");
    other.close();
    const journal = diskJournal(at);
    expect(await journal.load()).toEqual([
      { phase: "starting", executionId: "e-1" },
      { phase: "starting", executionId: "e-2" },
    ]);
    await journal.close();
  });

  it("writes all entries of one turn as one transaction, and resolves all or none", async () => {
    const at = await folder();
    const journal = diskJournal(at);
    const writes = [1, 2, 3].map((n) => journal.write({ phase: "running", executionId: "e-1", startedAt: n }));
    await Promise.all(writes);
    expect(await journal.load()).toEqual([{ phase: "running", executionId: "e-1", startedAt: 3 }]);
    await journal.close();
    await expect(journal.write({ phase: "starting", executionId: "e-2" })).rejects.toMatchObject({
      code: "DATA_DIR_FAILED",
    });
  });
});
