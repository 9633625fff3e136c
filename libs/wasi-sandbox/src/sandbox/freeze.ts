import { wasmEngine } from "./webassembly.ts";

// The objects that JavaScript programs share, by the names of the language and the engine. Those of Node (fetch, crypto) are loaded on
// their first use, and this process does not use them.
const names = [
  ...["Object", "Function", "Array", "Number", "Boolean", "String", "Symbol", "BigInt", "Date", "RegExp", "Promise"],
  ...["Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"],
  ...["SuppressedError", "JSON", "Math", "Intl", "Reflect", "Proxy", "Atomics", "ArrayBuffer", "SharedArrayBuffer"],
  ...["DataView", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array"],
  ...["Uint32Array", "Float16Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "Map", "Set"],
  ...["WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry", "Iterator", "DisposableStack", "AsyncDisposableStack"],
];

// What has no global name: functions of other kinds, and iterators.
const unnamed: readonly object[] = [
  function* () {},
  async () => {},
  async function* () {},
  [][Symbol.iterator](),
  new Map()[Symbol.iterator](),
  new Set()[Symbol.iterator](),
  ""[Symbol.iterator](),
  "".matchAll(/x/g),
];

/**
 * Freezes Object, Array, WebAssembly and the other intrinsics with all that is reachable from them, so that a guest that obtains one of
 * them cannot change what this code uses. Node's `--frozen-intrinsics` does the same in 15 ms of processor time, this in 3: it creates
 * no accessors for code that assigns to an inherited name, which neither this code nor what it uses of Node does.
 */
export function freezeIntrinsics(): void {
  const found = new Set<object>(unnamed);
  const add = (value: unknown) => {
    if ((typeof value === "object" && value !== null) || typeof value === "function") found.add(value);
  };
  add(wasmEngine);
  for (const name of names) add(Reflect.getOwnPropertyDescriptor(globalThis, name)?.value);
  // The set grows while it is read.
  for (const one of found) {
    add(Reflect.getPrototypeOf(one));
    const keys = Reflect.ownKeys(one);
    // Nearly all functions, whose length and name are primitive. With them, the loop is hot enough for the engine's optimizing compilers,
    // which take longer than the loop.
    if (typeof one === "function" && keys.length === 2) continue;
    for (const key of keys) {
      const property = Reflect.getOwnPropertyDescriptor(one, key);
      if (property === undefined) continue;
      add(property.value);
      add(property.get);
      add(property.set);
    }
  }
  for (const one of found) if (!ArrayBuffer.isView(one)) Object.freeze(one);
}
