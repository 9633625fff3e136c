/**
 * The engine's WebAssembly, typed: neither Node's nor ECMAScript's type libraries describe it, and the browser's would
 * bring in the whole document model.
 */
export interface Memory {
  readonly buffer: ArrayBuffer;
}
export interface Module {
  /** Keeps the compiled module apart from every other object in the type system. */
  readonly [Symbol.toStringTag]: string;
}
export interface Instance {
  readonly exports: Exports;
}
/** What one module offers another: functions, memories, tables, globals. */
export type Exports = Readonly<Record<string, unknown>>;
/** What a module may import from, by module name. */
export type Providers = Readonly<Record<string, Exports>>;

export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: "function" | "table" | "memory" | "global" | "tag";
}

interface Engine {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => Memory;
  readonly Module: (new (bytes: Uint8Array) => Module) & { imports(module: Module): readonly ModuleImport[] };
  readonly Instance: new (module: Module, imports: Providers) => Instance;
  readonly Table: new () => object;
  readonly Global: new () => object;
  readonly LinkError: new (message: string) => Error;
}

/** The engine itself. */
export const wasmEngine: Engine = Reflect.get(globalThis, "WebAssembly");
