/** One generated page of docs/reference. */
export interface ReferencePage {
  /** File name in docs/reference. */
  readonly file: string;
  readonly title: string;
  /** One sentence for the list of pages. */
  readonly summary: string;
  /** The source of the page: the file to edit. */
  readonly from: string;
  /** The file is data for programs and has only a body. */
  readonly isData?: boolean;
  /** The text below the title. The same tree gives the same text. */
  body(): string;
}
