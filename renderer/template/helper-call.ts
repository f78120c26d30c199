import { described, HelperError, shown } from "./template-helper.ts";
import { MAX_PATH_LENGTH } from "./field-path.ts";
import { fieldOf, isRecord, recordOf, type PlainRecord } from "./plain-record.ts";
import { numberOf, printed } from "./scalar.ts";
import type { Signature } from "./signature.ts";

/** Longest text a helper takes or makes, in UTF-16 units: an included file of one MiB. */
export const MAX_TEXT = 1024 * 1024;

/** Most elements of a list that a helper makes of a number or a text. */
export const MAX_ELEMENTS = 100_000;

/** The arguments of one call, read by kind. Missing data is empty; what is of another kind throws HelperError. */
export class HelperCall {
  readonly #signature: Signature;
  readonly #args: readonly unknown[];
  readonly #named: PlainRecord;

  constructor(signature: Signature, args: readonly unknown[], named: PlainRecord) {
    this.#signature = signature;
    this.#args = args;
    this.#named = named;
    const { parameters, required, repeats, usage } = signature;
    if (args.length < required) throw this.refusal(`${parameters[args.length]} is not given; write ${usage}`);
    if (!repeats && args.length > parameters.length) throw this.refusal(`more arguments than it has; write ${usage}`);
    for (const name of Object.keys(named)) {
      if (!signature.named.includes(name)) throw this.refusal(`no argument ${shown(name)}=; write ${usage}`);
    }
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
    throw this.misuse(at, "a list");
  }

  record(at: number): PlainRecord {
    const value = this.#args[at] ?? recordOf([]);
    if (isRecord(value)) return value;
    throw this.misuse(at, "a record");
  }

  /** A text; a number or truth as it is printed. */
  text(at: number, missing = ""): string {
    return this.#textOf(this.#args[at] ?? missing, () => this.misuse(at, "a text"));
  }

  /** A field of a record as text; "" when there is none. */
  fieldText(at: number, name: string): string {
    const fault = (): HelperError => this.refusal(`the field ${name} of ${this.#nameOf(at)} must be a text`);
    return this.#textOf(fieldOf(this.record(at), name) ?? "", fault);
  }

  texts(from: number): string[] {
    return this.rest(from).map((_, index) => this.text(from + index));
  }

  /** A list of texts; what is missing in it is "". */
  textList(at: number): string[] {
    const fault = (): HelperError =>
      this.refusal(`${this.#nameOf(at)} must be a list of texts, and has other elements`);
    return this.list(at).map((item) => this.#textOf(item ?? "", fault));
  }

  path(at: number): string {
    const path = this.text(at);
    if (path.length <= MAX_PATH_LENGTH) return path;
    throw this.misuse(at, `a path of at most ${MAX_PATH_LENGTH} characters`);
  }

  /** A finite number, or a text that is one in decimals. */
  number(at: number, missing = 0): number {
    const number = numberOf(this.#args[at] ?? missing);
    if (number === undefined) throw this.misuse(at, "a number");
    return number;
  }

  integer(at: number, { min, max, missing = 0 }: { min: number; max: number; missing?: number }): number {
    const number = this.number(at, missing);
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    throw this.misuse(at, `a whole number from ${min} to ${max}`);
  }

  truth(at: number): boolean {
    const value = this.#args[at] ?? false;
    if (typeof value === "boolean") return value;
    throw this.misuse(at, "true or false");
  }

  /** A named argument as text; undefined when it is not given, "" when what is given is missing. */
  named(name: string): string | undefined {
    if (!Object.hasOwn(this.#named, name)) return undefined;
    return this.#textOf(this.#named[name] ?? "", () => this.refusal(`${name}= must be a text`));
  }

  /** The parts as one text; refused before it is made when it would be too long. */
  joined(parts: readonly string[], separator = ""): string {
    this.fits(parts.reduce((sum, part) => sum + part.length, separator.length * parts.length));
    return parts.join(separator);
  }

  /** Throws when a text of that length may not be made. */
  fits(length: number): void {
    if (length > MAX_TEXT) throw this.refusal(`the result has more than ${MAX_TEXT} characters`);
  }

  /** The parts of a text between separators; of an empty separator its characters. */
  split(text: string, separator: string): string[] {
    const parts =
      separator === "" ? Array.from(text.slice(0, 2 * MAX_ELEMENTS + 2)) : text.split(separator, MAX_ELEMENTS + 1);
    return this.bounded(parts);
  }

  /** The list, which it throws for when it is longer than lists may be. */
  bounded<T>(list: T[]): T[] {
    if (list.length > MAX_ELEMENTS) throw this.refusal(`more than ${MAX_ELEMENTS} elements`);
    return list;
  }

  /** For `throw`: the argument is not what was expected. */
  misuse(at: number, expected: string): HelperError {
    return this.refusal(`${this.#nameOf(at)} must be ${expected}, not ${described(this.#args[at])}`);
  }

  refusal(reason: string): HelperError {
    return new HelperError(`${this.#signature.name}: ${reason}`);
  }

  #nameOf(at: number): string {
    const { parameters } = this.#signature;
    return parameters[Math.min(at, parameters.length - 1)] ?? "an argument";
  }

  #textOf(value: unknown, fault: () => HelperError): string {
    if (typeof value === "string" && value.length > MAX_TEXT)
      throw this.refusal(`a text of more than ${MAX_TEXT} characters`);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return printed(value);
    throw fault();
  }
}
