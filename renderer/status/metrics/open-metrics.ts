/** Labels of one sample. Values may contain any text. */
export type Labels = Readonly<Record<string, string>>;

/** One metric family: its samples, each with labels and a value. Counters end in `_total` as OpenMetrics demands. */
export interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** Appended to the name of the family, such as `_bucket`. */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/** Prints families as OpenMetrics text 1.0. Prometheus's own text format accepts it as well. */
export function openMetrics(families: readonly Family[]): string {
  const parts = families.map(({ name, type, help, samples }) => [
    `# HELP ${name} ${escaped(help)}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ suffix = SUFFIX[type], labels = {}, value }) => `${name}${suffix}${printed(labels)} ${value}`),
  ]);
  return `${[...parts.flat(), "# EOF"].join("\n")}\n`;
}

const SUFFIX = { gauge: "", counter: "_total", histogram: "" } as const;

function printed(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', String.raw`\"`)}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** Line breaks and backslashes would end the line or the value. */
function escaped(text: string): string {
  return text.replaceAll("\\", String.raw`\\`).replaceAll("\n", String.raw`\n`);
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
