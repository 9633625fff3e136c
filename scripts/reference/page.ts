/** One generated page of docs/reference. */
export interface ReferencePage {
  /** File name below docs/reference. */
  readonly file: string;
  readonly title: string;
  /** One sentence for the list of pages. */
  readonly summary: string;
  /** Where the truth stands: the file to edit. */
  readonly from: string;
  /** The file is data for programs: its body alone. */
  readonly isData?: boolean;
  /** The text below the title. The same tree gives the same text. */
  body(): string;
}
