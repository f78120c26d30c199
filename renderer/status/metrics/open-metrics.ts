/** Labels of one sample. Values may contain any text. */
export type Labels = Readonly<Record<string, string>>;

/** One metric family: its samples, each with labels and a value. Counters end in `_total` as OpenMetrics demands. */
export interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
  /** A variable of nginx: nginx serves the family only if it has the variable. */
  readonly requires?: string;
}

export interface Sample {
  /** Appended to the name of the family, such as `_bucket`. */
  readonly suffix?: string;
  readonly labels?: Labels;
  /** A number, or the variable of nginx whose value nginx serves. */
  readonly value: number | { readonly variable: string };
}

/**
 * Prints families as OpenMetrics text 1.0. Prometheus's own text format accepts it as well. Commands for nginx's module SSI
 * stand for values that only nginx has.
 */
export function openMetrics(families: readonly Family[]): string {
  const parts = families.map(({ name, type, help, samples, requires }) => {
    const lines = [
      `# HELP ${name} ${escaped(help)}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(
        ({ suffix = SUFFIX[type], labels = {}, value }) => `${name}${suffix}${printed(labels)} ${valueOf(value)}`,
      ),
    ];
    const text = lines.map((line) => `${line}\n`).join("");
    return requires === undefined ? text : `<!--# if expr="$${requires}" -->${text}<!--# endif -->`;
  });
  return `${parts.join("")}# EOF\n`;
}

const SUFFIX = { gauge: "", counter: "_total", histogram: "" } as const;

function printed(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', String.raw`\"`)}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function valueOf(value: Sample["value"]): string {
  return typeof value === "number" ? String(value) : `<!--# echo var="${value.variable}" -->`;
}

/** Line breaks and backslashes would end the line or the value, and `<!--#` begins a command for nginx. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", String.raw`\\`)
    .replaceAll("\n", String.raw`\n`)
    .replaceAll("<!", "< !");
}

/** Counts durations in seconds by upper bounds. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(seconds: number): void {
    this.#sum += seconds;
    this.#count += 1;
    for (const [index, bound] of this.#bounds.entries()) if (seconds <= bound) this.#counts[index]! += 1;
  }

  get samples(): readonly Sample[] {
    return [
      ...this.#bounds.map((bound, index) => ({
        suffix: "_bucket",
        labels: { le: String(bound) },
        value: this.#counts[index]!,
      })),
      { suffix: "_bucket", labels: { le: "+Inf" }, value: this.#count },
      { suffix: "_sum", value: this.#sum },
      { suffix: "_count", value: this.#count },
    ];
  }
}
