import { MAX_PATH_LENGTH } from "./field-path.ts";
import { isRecord, recordOf, type PlainRecord } from "./plain-record.ts";
import { numberOf, printed } from "./values.ts";
import { argumentProblem, type Signature } from "./signature.ts";
import { described, HelperError } from "./helper-error.ts";

/** Longest text that a helper takes or makes, in UTF-16 units: an included file of one MiB. */
export const MAX_TEXT = 1024 * 1024;

/** Most elements of a list that a helper makes of a text or of several lists. */
export const MAX_ELEMENTS = 100_000;

/**
 * Pure functions that templates call, by their usage: `where LIST PATH [VALUE]`. `[X]` is optional, `X...` can be repeated.
 * docs/reference/template-helpers.md describes each. Missing data gives an empty value or none; misuse throws HelperError.
 * They change no argument, and return scalars with finite numbers, lists, and records without prototype.
 */
export type Helpers = Readonly<Record<string, (call: HelperCall) => unknown>>;

/** The arguments of one call, read by type. Missing data is empty; a value of another type throws HelperError. */
export class HelperCall {
  readonly #signature: Signature;
  readonly #args: readonly unknown[];
  readonly #named: PlainRecord;

  constructor(signature: Signature, args: readonly unknown[], named: PlainRecord) {
    this.#signature = signature;
    this.#args = args;
    this.#named = named;
    const problem = argumentProblem(signature, args.length, Object.keys(named));
    if (problem !== undefined) throw new HelperError(problem);
  }

  value(at: number): unknown {
    return this.#args[at];
  }

  rest(from: number): readonly unknown[] {
    return this.#args.slice(from);
  }

  list(at: number): readonly unknown[] {
    const value = this.#args[at] ?? [];
    if (Array.isArray(value)) return value;
    throw this.invalid(at, "a list");
  }

  record(at: number): PlainRecord {
    const value = this.#args[at] ?? recordOf([]);
    if (isRecord(value)) return value;
    throw this.invalid(at, "a record");
  }

  /** A text, or a number or boolean as it is printed. */
  text(at: number): string {
    return this.#textOf(this.#args[at] ?? "", () => this.invalid(at, "a text"));
  }

  texts(from: number): string[] {
    return this.rest(from).map((_, index) => this.text(from + index));
  }

  /** A list of texts; a missing element is "". */
  textList(at: number): string[] {
    const fail = (): HelperError => this.error(`${this.#nameOf(at)} must be a list of texts, and has other elements`);
    return this.list(at).map((item) => this.#textOf(item ?? "", fail));
  }

  path(at: number): string {
    const path = this.text(at);
    if (path.length <= MAX_PATH_LENGTH) return path;
    throw this.invalid(at, `a path of at most ${MAX_PATH_LENGTH} characters`);
  }

  /** A finite number, or a decimal text. */
  number(at: number): number {
    const number = numberOf(this.#args[at] ?? 0);
    if (number === undefined) throw this.invalid(at, "a number");
    return number;
  }

  integer(at: number, { min, max, missing = 0 }: { min: number; max: number; missing?: number }): number {
    const number = (this.#args[at] ?? undefined) === undefined ? missing : this.number(at);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    throw this.invalid(at, `an integer from ${min} to ${max}`);
  }

  /** An optional limit: Infinity if it is missing or negative. */
  limit(at: number): number {
    const count = this.integer(at, { min: -1_000_000_000, max: 1_000_000_000, missing: -1 });
    return count < 0 ? Infinity : count;
  }

  boolean(at: number): boolean {
    const value = this.#args[at] ?? false;
    if (typeof value === "boolean") return value;
    throw this.invalid(at, "true or false");
  }

  /** A named argument as text; undefined if it is not given, "" if its value is missing. */
  named(name: string): string | undefined {
    if (!Object.hasOwn(this.#named, name)) return undefined;
    return this.#textOf(this.#named[name] ?? "", () => this.error(`${name}= must be a text`));
  }

  /** Joins the parts, after a check of the resulting length. */
  joined(parts: readonly string[], separator = ""): string {
    this.checkLength(parts.reduce((sum, part) => sum + part.length, separator.length * parts.length));
    return parts.join(separator);
  }

  checkLength(length: number): void {
    if (length > MAX_TEXT) throw this.error(`the result has more than ${MAX_TEXT} characters`);
  }

  /** The parts of a text between separators; its characters if the separator is empty. */
  split(text: string, separator: string): string[] {
    const parts =
      separator === "" ? Array.from(text.slice(0, 2 * MAX_ELEMENTS + 2)) : text.split(separator, MAX_ELEMENTS + 1);
    return this.bounded(parts);
  }

  /** Returns the list. Throws if it is longer than a helper may make. */
  bounded<T>(list: T[]): T[] {
    if (list.length > MAX_ELEMENTS) throw this.error(`more than ${MAX_ELEMENTS} elements`);
    return list;
  }

  /** An error about the type or value of an argument, to be thrown. */
  invalid(at: number, expected: string): HelperError {
    return this.error(`${this.#nameOf(at)} must be ${expected}, not ${described(this.#args[at])}`);
  }

  error(reason: string): HelperError {
    return new HelperError(`${this.#signature.name}: ${reason}`);
  }

  #nameOf(at: number): string {
    const { parameters } = this.#signature;
    return parameters[Math.min(at, parameters.length - 1)] ?? "an argument";
  }

  #textOf(value: unknown, fail: () => HelperError): string {
    if (typeof value === "string" && value.length > MAX_TEXT) {
      throw this.error(`a text of more than ${MAX_TEXT} characters`);
    }
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return printed(value);
    throw fail();
  }
}
