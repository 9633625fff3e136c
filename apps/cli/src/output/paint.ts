/** Colours a text for the terminal, or leaves it alone. */
export type Brush = (text: string) => string;

// SGR codes of ECMA-48, as [on, off].
const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

/** A box of brushes. */
export type Paint = Readonly<Record<keyof typeof codes, Brush>>;

const brush =
  ([on, off]: readonly [number, number]): Brush =>
  (text) =>
    `\u001b[${on}m${text}\u001b[${off}m`;

const plain: Brush = (text) => text;

/** Brushes that colour, or brushes that do nothing. */
export function paint(colours: boolean): Paint {
  const of = (name: keyof typeof codes): Brush => (colours ? brush(codes[name]) : plain);
  return {
    bold: of("bold"),
    dim: of("dim"),
    red: of("red"),
    green: of("green"),
    yellow: of("yellow"),
    blue: of("blue"),
    magenta: of("magenta"),
    cyan: of("cyan"),
  };
}
