import { styleText } from "node:util";

const styles = ["bold", "dim", "red", "green", "yellow", "blue", "magenta", "cyan"] as const;
type Style = (typeof styles)[number];

/** Colours a text for the terminal, or leaves it alone. */
export type Colour = (text: string) => string;

/** A function for each style. */
export type Paint = Readonly<Record<Style, Colour>>;

/** Functions that colour, or functions that return the text as it is. */
export function paint(colours: boolean): Paint {
  const colourOf = (style: Style): readonly [Style, Colour] => [
    style,
    // The terminal has decided whether there are colours: styleText would look at another stream.
    (text) => (colours ? styleText(style, text, { validateStream: false }) : text),
  ];
  return Object.fromEntries(styles.map(colourOf)) as Paint;
}
