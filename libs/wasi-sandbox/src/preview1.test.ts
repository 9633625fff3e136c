import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errnoNames } from "./sandbox/errno.ts";
import { preview1 } from "./sandbox/preview1.ts";
import { type Pen, program, root } from "./testing/program.ts";
import { type Preview1Name, signatures } from "./testing/signatures.ts";
import { onStage, textsIn } from "./testing/stage.ts";

const stage = onStage();
const madeFolder = 5;

describe("preview 1", () => {
  it("has every function of its specification and no other", () => {
    expect(Object.keys(preview1).sort()).toEqual(Object.keys(signatures).sort());
  });

  it("passes arguments and environment", async () => {
    const list = (pen: Pen, sizes: Preview1Name, get: Preview1Name) => {
      const [count, size, pointers, texts] = [pen.room(4), pen.room(4), pen.room(64), pen.room(256)];
      const { step, list: vector } = { step: "", list: pen.room(8) };
      const point = `(i32.store (i32.const ${vector}) (i32.const ${texts})) (i32.store (i32.const ${vector + 4}) (i32.load (i32.const ${size})))`;
      const asked = `${pen.must(sizes, count, size)} ${pen.must(get, pointers, texts)}`;
      return `${step} ${asked} ${point} ${pen.must("fd_write", 1, vector, 1, pen.room(4))}`;
    };
    const { stdout } = await stage.run(
      program((pen) => [list(pen, "args_sizes_get", "args_get"), list(pen, "environ_sizes_get", "environ_get")]),
      { program: { args: ["one", "zwölf"] }, env: { HOME: "/", NAME: "größe" } },
    );
    expect(stdout.split("\0")).toEqual(["/app/main.wasm", "one", "zwölf", "HOME=/", "NAME=größe", ""]);
  });

  it("reads, seeks and tells", async () => {
    const folder = await stage.folder("read");
    await writeFile(join(folder, "text.txt"), "0123456789");
    const { stdout } = await stage.run(
      program((pen) => {
        const file = pen.open(root, "in/text.txt");
        const { step, list } = pen.buffer(4);
        const at = pen.room(8);
        const show = pen.must("fd_write", 1, list, 1, pen.room(4));
        const read = `${pen.must("fd_read", file.fd, list, 1, pen.room(4))} ${show}`;
        return [
          ...[file.step, step, read, read],
          ...[pen.must("fd_seek", file.fd, -3n, 2, at), read],
          ...[pen.must("fd_seek", file.fd, 1n, 0, at), pen.must("fd_seek", file.fd, 1n, 1, at), read],
          ...[pen.must("fd_pread", file.fd, list, 1, 5n, pen.room(4)), show, pen.must("fd_tell", file.fd, at)],
          pen.call("proc_exit", `(i32.load (i32.const ${at}))`),
        ];
      }),
      { inputs: [{ hostPath: folder, target: "/in", readOnly: true }] },
    );
    // The third read finds three bytes, and the fourth byte of the buffer is left from before.
    expect(stdout).toBe("0123" + "4567" + "7897" + "2345" + "5678");
  });

  it("writes, appends, overwrites, renames and removes", async () => {
    const { exit, made } = await stage.run(
      program((pen) => {
        const file = pen.open(madeFolder, "a.txt", { create: true, write: true });
        const opened = pen.room(4);
        const appended = `(i32.load (i32.const ${opened}))`;
        const write = (fd: string, text: string) => {
          const vector = pen.room(8);
          const [address = "", length = ""] = pen.text(text).split(/(?<=\)) /);
          return `(i32.store (i32.const ${vector}) ${address}) (i32.store (i32.const ${vector + 4}) ${length})
            ${pen.must("fd_write", fd, vector, 1, pen.room(4))}`;
        };
        const { step, list } = pen.buffer(2);
        return [
          ...[file.step, write(file.fd, "hello "), write(file.fd, "world")],
          ...[pen.must("path_open", madeFolder, 0, pen.text("a.txt"), 0, 64n, 0n, 1, opened), write(appended, "!")],
          ...[step, pen.must("fd_pwrite", file.fd, list, 1, 5n, pen.room(4)), pen.must("fd_sync", file.fd)],
          ...[pen.must("path_create_directory", madeFolder, pen.text("deep")), pen.must("fd_close", file.fd)],
          pen.must("path_rename", madeFolder, pen.text("a.txt"), madeFolder, pen.text("deep/b.txt")),
          pen.open(madeFolder, "c.txt", { create: true, write: true }).step,
          pen.must("path_unlink_file", madeFolder, pen.text("c.txt")),
          pen.must("path_create_directory", madeFolder, pen.text("gone")),
          pen.must("path_remove_directory", madeFolder, pen.text("gone/")),
        ];
      }),
    );
    expect(exit).toEqual({ exitCode: 0 });
    expect(await textsIn(made)).toEqual({ "deep/b.txt": "hello\0\0orld!" });
  });

  it("lists folders, one truncated entry at a time", async () => {
    const folder = await stage.folder("list");
    for (const name of ["b", "a", "c"]) await writeFile(join(folder, name), name);
    const { stdout } = await stage.run(
      program((pen) => {
        const { step, list, at } = pen.buffer(60);
        const show = pen.must("fd_write", 1, list, 1, pen.room(4));
        const read = (cookie: bigint) => `${pen.must("fd_readdir", 5, at, 60, cookie, pen.room(4))} ${show}`;
        return [step, read(0n), read(2n)];
      }),
      { inputs: [{ hostPath: folder, target: "/in", readOnly: true }] },
    );
    // Two entries of 25 bytes and ten bytes of the third; then the third alone over what was there.
    const bytes = Buffer.from(stdout, "utf8");
    expect([bytes[24], bytes[49], bytes[60 + 24]].map((byte) => String.fromCharCode(byte ?? 0))).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect([bytes[0], bytes[25], bytes[50]]).toEqual([1, 2, 3]);
  });

  it("waits for a clock, and has an empty stdin", async () => {
    const { stdout } = await stage.run(
      program((pen) => {
        const [subscriptions, events] = [pen.room(96), pen.room(64)];
        const store = (at: number, value: number) => `(i32.store (i32.const ${at}) (i32.const ${value}))`;
        const wait = pen.must("poll_oneoff", subscriptions, events, 1, pen.room(4));
        const tag = `(i32.add (i32.const 48) (i32.load8_u (i32.const ${events + 10})))`;
        const { step, list, at } = pen.buffer(1);
        const show = `(i32.store8 (i32.const ${at}) ${tag}) ${pen.must("fd_write", 1, list, 1, pen.room(4))}`;
        // A relative wait of 1 ms on the monotonic clock; then one for stdin.
        const clock = [store(subscriptions + 16, 1), store(subscriptions + 24, 1_000_000)];
        const stdin = [store(subscriptions + 8, 1), store(subscriptions + 16, 0)];
        return [step, ...clock, wait, show, ...stdin, wait, show];
      }),
    );
    expect(stdout).toBe("01");
  });
});

describe("a guest that passes wild pointers", () => {
  // Around the ends of a memory of two pages, of 31 bits and of 32 bits.
  const pointers = [0xffff_ffff, 0xffff_fff0, 0x8000_0000, 0x7fff_ffff, 0x2_0000, 0x1_fffc, 0x1_ffff];
  const wide = [0n, -1n, 1n << 63n, 1n << 40n];
  // A stream, two folders, and a number that stands for nothing.
  const descriptors = [0, root, madeFolder, 99];
  // Without a pointer or length among their parameters.
  const plain = ["fd_advise", "fd_datasync", "fd_fdstat_set_flags", "fd_renumber", "fd_sync", "sched_yield"];
  const names = Object.keys(signatures).filter(
    (name): name is Preview1Name => name in signatures && name !== "proc_exit",
  );

  it("gets an error from every function, and continues", async () => {
    const calls = names.flatMap((name) =>
      descriptors.flatMap((fd) => pointers.map((pointer, turn) => ({ name, fd, pointer, turn }))),
    );
    const { exit, stdout, stderr } = await stage.run(
      program(
        (pen) => {
          const call = ({ name, fd, pointer, turn }: (typeof calls)[number]) => {
            const args = [...signatures[name]].map((kind, place) => {
              if (kind === "j") return wide[(turn + place) % wide.length] ?? 0n;
              return place === 0 && /^(fd|path|sock)_/.test(name) ? fd : pointer;
            });
            return pen.call(name, ...args);
          };
          // Closing comes last: what is closed cannot be asked any more.
          const sorted = calls.toSorted((a, b) => Number(a.name === "fd_close") - Number(b.name === "fd_close"));
          return [pen.emit(sorted.map(call))];
        },
        { memory: "2 2" },
      ),
      // With none there would be nothing to write, wherever the pointer leads.
      { env: { NAME: "value" } },
    );
    expect({ exit, stderr }).toEqual({ exit: { exitCode: 0 }, stderr: "" });
    const sorted = calls.toSorted((a, b) => Number(a.name === "fd_close") - Number(b.name === "fd_close"));
    const answers = [...Buffer.from(stdout)].map((number) => errnoNames[number]);
    expect(answers.length).toBe(calls.length);
    expect(answers).not.toContain(undefined);
    const wrongly = sorted.filter(({ name, pointer }, index) => {
      const inside = pointer < 0x2_0000;
      return answers[index] === "SUCCESS" && !inside && !plain.includes(name) && name !== "fd_close";
    });
    expect(wrongly).toEqual([]);
  });
});
