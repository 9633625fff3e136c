import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { type Pen, program, root } from "@shoal/wasi-sandbox/testing";
import { afterAll } from "vitest";
import { executorContract, type WorkloadFields } from "../contract.ts";
import { wasm } from "./wasm.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-wasm-contract-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let serial = 0;

function guest(write: (pen: Pen) => readonly string[]): WorkloadFields {
  serial += 1;
  const hostPath = join(folder, `${serial}.wasm`);
  writeFileSync(hostPath, program(write));
  const target = "/app/main.wasm";
  return { params: { EntryModule: target }, inputs: [{ hostPath, target, readOnly: true }] };
}

// Guests resolve paths from their root, so without the leading slash.
const below = (path: string) => path.slice(1);

executorContract("wasm", {
  executor: () => wasm({ clock: systemClock({ unref: true }), limits: { poolSize: 1 } }),
  makers: {
    exits: (exitCode) => guest((pen) => [pen.call("proc_exit", exitCode)]),
    prints: (stdout, stderr) => guest((pen) => [pen.print(1, stdout), pen.print(2, stderr)]),
    runsForEver: () => guest(() => ["(loop (br 0))"]),
    cannotStart: () => ({ params: { EntryModule: "/app/missing.wasm" } }),
    writes: (path) =>
      guest((pen) => {
        const { step, fd } = pen.open(root, below(path), { write: true, create: true });
        return [step, pen.must("fd_write", fd, pen.room(8), 1, pen.room(4))];
      }),
    copies: (from, to) =>
      guest((pen) => {
        const [source, target] = [
          pen.open(root, below(from)),
          pen.open(root, below(to), { write: true, create: true }),
        ];
        const [vector, got, room] = [pen.room(8), pen.room(4), pen.room(64)];
        const point = `(i32.store (i32.const ${vector}) (i32.const ${room})) (i32.store (i32.const ${vector + 4}) (i32.const 64))`;
        const shorten = `(i32.store (i32.const ${vector + 4}) (i32.load (i32.const ${got})))`;
        const read = pen.must("fd_read", source.fd, vector, 1, got);
        return [source.step, target.step, point, read, shorten, pen.must("fd_write", target.fd, vector, 1, got)];
      }),
  },
});
