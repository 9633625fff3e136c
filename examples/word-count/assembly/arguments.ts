import { fail } from "./files";
import { args_get, args_sizes_get, environ_get, environ_sizes_get } from "./wasi";

const sizes = memory.data(8);

/** The program's argument at this index; the program's name is at 0. */
export function argument(index: i32): string {
  args_sizes_get(sizes, sizes + 4);
  const count = load<i32>(sizes);
  if (index >= count) fail("expected two arguments: the text file, and the folder for counts.txt");
  const list = new StaticArray<u32>(count);
  const texts = new StaticArray<u8>(load<i32>(sizes, 4));
  args_get(changetype<usize>(list), changetype<usize>(texts));
  return zeroEnded(list[index]);
}

export function partitionIndex(): i64 {
  return number("BACALHAU_PARTITION_INDEX", 0);
}

export function partitionCount(): i64 {
  return number("BACALHAU_PARTITION_COUNT", 1);
}

function number(name: string, absent: i64): i64 {
  environ_sizes_get(sizes, sizes + 4);
  const list = new StaticArray<u32>(load<i32>(sizes));
  const texts = new StaticArray<u8>(load<i32>(sizes, 4));
  environ_get(changetype<usize>(list), changetype<usize>(texts));
  for (let index = 0; index < list.length; index += 1) {
    const entry = zeroEnded(list[index]);
    if (entry.startsWith(`${name}=`)) return I64.parseInt(entry.substring(name.length + 1));
  }
  return absent;
}

function zeroEnded(start: usize): string {
  let end = start;
  while (load<u8>(end) !== 0) end += 1;
  return String.UTF8.decodeUnsafe(start, end - start);
}
