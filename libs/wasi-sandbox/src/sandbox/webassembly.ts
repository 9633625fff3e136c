/**
 * Types of the engine's WebAssembly: neither Node's nor ECMAScript's type libraries contain it, and the browser's would add the whole
 * DOM.
 */
export interface Memory {
  readonly buffer: ArrayBuffer;
}
export interface Module {
  /** Distinguishes a compiled module from other objects in the type system. */
  readonly [Symbol.toStringTag]: string;
}
export interface Instance {
  readonly exports: Exports;
}
/** The exports of a module: functions, memories, tables, globals. */
export type Exports = Readonly<Record<string, unknown>>;
/** The exports that a module may import, by module name. */
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
