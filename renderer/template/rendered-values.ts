import { LocatedError, type PrintPlace } from "./engine.ts";
import type { Escaped, Scalar } from "./formats/format.ts";
import { type LexedFormat, placeValues, type PrintedValue } from "./placed-values.ts";

interface RenderedValue extends PrintedValue, PrintPlace {
  readonly container: number | undefined;
}

/**
 * The values of a text that is being rendered. The text has a NUL for each, so that its words are known before the first
 * character of a container is in it.
 */
export class RenderedValues {
  readonly #format: LexedFormat;
  #values: RenderedValue[] = [];

  constructor(format: LexedFormat) {
    this.#format = format;
  }

  get count(): number {
    return this.#values.length;
  }

  clear(): void {
    this.#values = [];
  }

  /** Notes the next value of the text; `container` is the index of the one that is blamed for it. */
  add(value: Scalar, isInner: boolean, place: PrintPlace, container?: number): Escaped {
    this.#values.push({ value, isInner, ...place, container });
    return { text: "\0" };
  }

  /**
   * Returns a text with its values, which are all from the one at `from`. `blame` is called for each container with a
   * value that cannot be where it is.
   */
  place(text: string, blame: (container: number, message: string) => void = () => undefined, from = 0): string {
    let first: LocatedError | undefined;
    const values = this.#values.splice(from);
    const placed = placeValues(text, values, this.#format, ({ loc, name, container }, refused) => {
      const error = new LocatedError(loc, `${name} ${refused}`);
      if (container === undefined) first ??= error;
      else blame(container, error.message);
    });
    if (first) throw first;
    return placed;
  }
}
