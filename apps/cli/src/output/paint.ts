import { styleText } from "node:util";

const styles = ["bold", "dim", "red", "green", "yellow", "blue", "magenta", "cyan"] as const;
type Style = (typeof styles)[number];

/** Colours a text for the terminal, or returns it unchanged. */
export type Colour = (text: string) => string;

/** A function for each style. */
export type Paint = Readonly<Record<Style, Colour>>;

/** Functions that colour, or functions that return the text unchanged. */
export function paint(colours: boolean): Paint {
  const colourOf = (style: Style): readonly [Style, Colour] => [
    style,
    // The terminal decides on colours; styleText would check another stream.
    (text) => (colours ? styleText(style, text, { validateStream: false }) : text),
  ];
  return Object.fromEntries(styles.map(colourOf)) as Paint;
}
