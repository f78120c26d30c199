import { emptyRecord } from "./plain-record.ts";

/** Text that is printed as it is. Only `renderer/nginx/text.ts` and the helpers `raw` and `include` make it. */
export class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value that the template prints between double quotes of its own. Only the helper `inner` makes it. */
export class Inner {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** The data of a template: scalars, lists and records. Never functions. */
export type Model = string | number | boolean | Verbatim | readonly Model[] | { readonly [name: string]: Model };

export type ModelFields = Readonly<Record<string, Model>>;

/** The data of nginx's template: fields of the whole file, and the hosts. */
export interface Page<Host extends object = object> {
  readonly fields: ModelFields;
  /** For `eachHost`, in order. The text of a host is cached while it is the same object. */
  readonly hosts: readonly Host[];
  /** A different object when the text of an unchanged host may be different. */
  readonly settings: object;
  /** The fields of a host; called once for each host, template and settings. */
  readonly modelOf: (host: Host) => ModelFields;
}

/** Copies the model without prototypes, so that a name in a template finds nothing but data. */
export function bare(model: Model): unknown {
  if (Array.isArray(model)) return model.map((item: Model) => bare(item));
  if (typeof model !== "object" || model instanceof Verbatim) return model;
  const entries = Object.entries(model as Readonly<Record<string, Model>>);
  return Object.assign(emptyRecord(), Object.fromEntries(entries.map(([name, item]) => [name, bare(item)])));
}
