import fc from "fast-check";
import { expect, it } from "vitest";
import { ChunkWriter, chunkLimits, eachPiece, type Piece } from "./chunk.ts";

/** What arrives on the other side, chunk by chunk. */
function carried(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const chunks: Piece[][] = [];
  const writer = new ChunkWriter((chunk) => {
    const there: Piece[] = [];
    eachPiece(structuredClone(chunk, { transfer: [chunk.buffer] }), (piece) => there.push(piece));
    chunks.push(there);
  });
  for (const piece of pieces) writer.add(piece);
  writer.flush();
  return chunks;
}

const plain = ({ name, seq, bytes, appended }: Piece) => ({
  name,
  seq,
  appended,
  bytes: bytes && Buffer.from(bytes).toString("hex"),
});

it("carries any names, positions and bytes, in order", () => {
  const piece = fc.record({
    name: fc.string({ unit: "grapheme", maxLength: 80 }),
    seq: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    appended: fc.boolean(),
    bytes: fc.option(fc.uint8Array({ maxLength: 60_000 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      expect(carried(pieces).flat().map(plain)).toEqual(pieces.map(plain));
    }),
  );
});

it("tells an empty body from none", () => {
  const pieces = [
    { name: "a", seq: 1, bytes: new Uint8Array(), appended: true },
    { name: "b", seq: 2, bytes: undefined, appended: false },
  ];
  expect(carried(pieces).flat().map(plain)).toEqual([
    { name: "a", seq: 1, bytes: "", appended: true },
    { name: "b", seq: 2, bytes: undefined, appended: false },
  ]);
});

it("fills chunks, and gives a piece that is larger one of its own", () => {
  const small = { name: "small", seq: 1, bytes: new Uint8Array(chunkLimits.bytes / 3), appended: true };
  const large = { name: "large", seq: 2, bytes: new Uint8Array(2 * chunkLimits.bytes), appended: true };
  const names = carried([small, small, small, large, small]).map((chunk) => chunk.map(({ name }) => name));
  expect(names).toEqual([["small", "small"], ["small"], ["large"], ["small"]]);
});

it("makes room for a name as it is written, not as it is counted", () => {
  const name = "€".repeat(90);
  // As much as leaves room for the head of another piece and a hundred bytes.
  const filling = { name: "f", seq: 1, bytes: new Uint8Array(chunkLimits.bytes - 17 - 1 - 17 - 100), appended: true };
  expect(
    carried([filling, { name, seq: 2, bytes: undefined, appended: true }]).map((chunk) =>
      chunk.map((piece) => piece.name),
    ),
  ).toEqual([["f"], [name]]);
});

it("hands over nothing where there is nothing", () => {
  expect(carried([])).toEqual([]);
});
