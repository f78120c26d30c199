/** The text of a file that is named, or why it cannot be read. */
export type ReadText = (file: string, what: "configuration" | "template") => string | { readonly problem: string };
