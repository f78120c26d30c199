/** Text that is safe as it stands although it is not plain. Only a format's own printer makes it (nginx-text.ts). */
export class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Leaves and branches of a model: text, numbers, truth, lists and records of them. Never functions. */
export type Model = string | number | boolean | Verbatim | readonly Model[] | { readonly [name: string]: Model };

export type ModelFields = Readonly<Record<string, Model>>;

/** The model without prototypes, so that no name in a template finds anything but data. */
export function bare(model: Model): unknown {
  if (Array.isArray(model)) return model.map((item: Model) => bare(item));
  if (typeof model !== "object" || model instanceof Verbatim) return model;
  const entries = Object.entries(model as Readonly<Record<string, Model>>);
  const fields = Object.fromEntries(entries.map(([name, item]) => [name, bare(item)]));
  const record = Object.assign(Object.create(null) as object, fields);
  // Handlebars puts the record into its message about a missing value; no template can name a symbol.
  return Object.defineProperty(record, Symbol.toPrimitive, { value: () => "the model" });
}
