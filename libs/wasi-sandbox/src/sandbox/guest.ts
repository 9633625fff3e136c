import type { Channel } from "./channel.ts";
import { type Descriptors, descriptors } from "./descriptors.ts";
import { trapped, unlinkable } from "./ending.ts";
import { Refusal } from "./errno.ts";
import { httpName } from "./functions/http.ts";
import { guestMemory } from "./guest-memory.ts";
import type { HostContext } from "./host.ts";
import { memoriesFor, missingImports, someOf, withProvider } from "./linking.ts";
import { httpImportsFor, importsFor, preview1Name } from "./preview1.ts";
import type { Ending, RunRequest } from "./protocol.ts";
import { type Instance, type Memory, type Module, type Providers, wasmEngine } from "./webassembly.ts";

interface CompiledModule {
  readonly path: string;
  readonly module: Module;
}
interface GuestContext {
  readonly channel: Channel;
  readonly job: RunRequest;
  readonly descriptors: Descriptors;
  readonly exit: (ending: Ending) => never;
  /** Whether the guest has ended, and its code runs on because it has caught that. */
  readonly isOver: () => boolean;
  /** Takes each memory of the guest. */
  readonly onMemory: (memory: Memory) => void;
}

/** Compiles the modules, or returns why one is invalid. */
export function compile(
  job: RunRequest,
  body: Uint8Array<ArrayBuffer>,
): readonly CompiledModule[] | { readonly why: string } {
  const compiled: CompiledModule[] = [];
  let at = 0;
  for (const { path, sizeBytes } of job.modules) {
    const bytes = body.subarray(at, at + sizeBytes);
    at += sizeBytes;
    try {
      compiled.push({ path, module: new wasmEngine.Module(bytes) });
    } catch (failure) {
      return { why: `${path} is not a valid WebAssembly module: ${failure instanceof Error ? failure.message : ""}` };
    }
  }
  return compiled;
}

/** Runs the guest from its first module to its end. */
export function runGuest(
  channel: Channel,
  job: RunRequest,
  guest: { readonly modules: readonly CompiledModule[] } & Pick<GuestContext, "exit" | "isOver" | "onMemory">,
): never {
  const { exit, isOver, onMemory } = guest;
  const run: GuestContext = { channel, job, descriptors: descriptors(job.preopens), exit, isOver, onMemory };
  let providers: Providers = attempt(run, undefined, () => memoriesFor(job.memories));
  const [entry, ...libraries] = guest.modules.toReversed();
  for (const library of libraries.reverse()) {
    const { exports } = instantiate(run, library, providers).instance;
    providers = withProvider(providers, library.path, exports);
  }
  if (entry === undefined) return guest.exit({ exitCode: 0 });
  const { instance, memory } = instantiate(run, entry, providers);
  attempt(run, memory, () => call(run, entry.path, instance));
  return guest.exit({ exitCode: 0 });
}

function instantiate(run: GuestContext, { path, module }: CompiledModule, providers: Providers) {
  const problem = missingImports(module, providers, run.job.hasHttp);
  if (problem !== undefined) return run.exit(unlinkable(`${path} cannot be linked: ${problem}`));
  let memory = importedMemory(module, providers);
  const host = hostOf(run, () => memory);
  const basic = withProvider(providers, preview1Name, importsFor(host));
  const imports = run.job.hasHttp ? withProvider(basic, httpName, httpImportsFor(host)) : basic;
  const instance = attempt(run, undefined, () => new wasmEngine.Instance(module, imports));
  memory = memoryIn(Object.values(instance.exports)) ?? memory;
  if (memory !== undefined) run.onMemory(memory);
  return { instance, memory };
}

function importedMemory(module: Module, providers: Providers): Memory | undefined {
  const imports = wasmEngine.Module.imports(module).filter(({ kind }) => kind === "memory");
  // missingImports has checked that all are provided.
  return memoryIn(imports.map(({ module: from, name }) => providers[from]?.[name]));
}

function memoryIn(values: readonly unknown[]): Memory | undefined {
  return values.find((value) => value instanceof wasmEngine.Memory);
}

function hostOf(run: GuestContext, memory: () => Memory | undefined): HostContext {
  const { channel, job } = run;
  return {
    job,
    descriptors: run.descriptors,
    memory: guestMemory(memory),
    files: (request, body) => {
      const collected = channel.ask(request, body);
      if (collected.answer.errno !== undefined) throw new Refusal(collected.answer.errno);
      return collected;
    },
    http: (request, body) => channel.ask(request, body),
    output: (stream, bytes) => channel.emit({ op: "output", stream }, bytes),
    exit: (exitCode) => run.exit({ exitCode }),
    isOver: run.isOver,
  };
}

function call({ job, exit }: GuestContext, path: string, { exports }: Instance): void {
  // Exports are records without a prototype, by their specification.
  const entry = exports[job.entrypoint];
  if (typeof entry === "function") {
    // A library (a "reactor") sets itself up here before any other function of it may be called; a command has none.
    const setUp = exports["_initialize"];
    if (typeof setUp === "function" && setUp !== entry) setUp();
    entry();
    return;
  }
  const functions = Object.keys(exports).filter((name) => typeof exports[name] === "function");
  const offers = functions.length === 0 ? "no function" : `only ${someOf(functions.map((name) => `"${name}"`))}`;
  exit(unlinkable(`${path} has no function "${job.entrypoint}" to begin with: it exports ${offers}`));
}

function attempt<T>(run: GuestContext, memory: Memory | undefined, step: () => T): T {
  try {
    return step();
  } catch (failure) {
    // The guest has ended itself, and this is how its code is left.
    if (run.isOver()) throw failure;
    const ending = trapped(failure, { memoryBytes: run.job.memoryBytes, takenBytes: memory?.buffer.byteLength ?? 0 });
    run.channel.emit({ op: "output", stream: "stderr" }, new TextEncoder().encode(`${ending.failure?.why}\n`));
    return run.exit(ending);
  }
}
