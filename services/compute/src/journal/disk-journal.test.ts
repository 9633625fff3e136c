import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { diskJournal } from "./disk-journal.ts";
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

/** A process that writes entries for ever, and says the number of each once it is written. */
const writer = `
  const { diskJournal } = await import(${JSON.stringify(new URL("./disk-journal.ts", import.meta.url).href)});
  const journal = diskJournal(process.argv[1]);
  for (let n = 1; ; n++) {
    await journal.write({ phase: "starting", executionId: "e-" + n });
    process.stdout.write(n + "\\n");
  }
`;

describe("a journal on disk", () => {
  it("has everything that it said was written, after a kill -9 in the middle", async () => {
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

  it("is one process's own", async () => {
    const at = await folder();
    const first = diskJournal(at);
    expect(() => diskJournal(at)).toThrow(expect.objectContaining({ code: "DATA_DIR_IN_USE" }));
    await first.close();
    await diskJournal(at).close();
  });

  it("says what is wrong with a folder that it cannot use", async () => {
    const unusable = expect.objectContaining({ code: "DATA_DIR_FAILED", why: expect.stringContaining("absent") });
    expect(() => diskJournal(join(root, "absent"))).toThrow(unusable);
  });

  it("does not touch what another version has written", async () => {
    const at = await folder();
    const other = new DatabaseSync(join(at, "journal.sqlite"));
    other.exec("PRAGMA user_version = 99");
    other.close();
    expect(() => diskJournal(at)).toThrow(expect.objectContaining({ why: expect.stringContaining("form 99") }));
  });

  it("takes an entry that it cannot read for one that was begun", async () => {
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

  it("writes what comes in one turn as one transaction, and tells all or none", async () => {
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
