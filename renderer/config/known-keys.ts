import { nearest } from "../../shared/nearest.ts";
import type { PublishedSchema } from "./published-schema.ts";

/** Fewest characters of an abbreviation, such as `dest`, that suggest a key. */
const MIN_ABBREVIATION = 3;

/** Levels below a place that are searched for a key that is unknown there. */
const MAX_LEVELS = 2;

type Path = readonly PropertyKey[];

/** What is wrong with an unknown key and what to do, and the path that was most likely meant. */
interface KeyAdvice {
  readonly message: string;
  readonly meant?: string;
}

/** The keys of the schema, by their places. */
export class KnownKeys {
  readonly #schema: PublishedSchema;
  readonly #file: unknown;

  /** `file` is the whole configuration: it decides the kind of each target. */
  constructor(schema: PublishedSchema, file: unknown) {
    this.#schema = schema;
    this.#file = file;
  }

  at(path: Path): string[] {
    return this.schemasAt(path).flatMap(keysOf);
  }

  /** Returns the alternatives for the value at a path; of targets only those of their kind, or of the other. */
  schemasAt(path: Path, kind: "own" | "other" = "own"): PublishedSchema[] {
    return path.reduce<PublishedSchema[]>(
      (schemas, key, index) => {
        const inner = schemas.flatMap((schema) => step(schema, key));
        if (path[0] !== "targets" || index !== 1) return inner;
        const hasFormat = this.#hasFormat(path);
        return inner.filter((target) => (keysOf(target).includes("format") === hasFormat) === (kind === "own"));
      },
      [this.#schema],
    );
  }

  /** Advises on a key that is unknown at a path. */
  adviceFor(key: string, path: Path): KeyAdvice {
    const quoted = JSON.stringify(key.slice(0, 64));
    // What makes a target one of the other kind may be misspelled.
    const known = [...new Set([...this.at(path), ...(path[0] === "targets" && path.length === 2 ? ["format"] : [])])];
    const written = Object.keys(valueAt(this.#file, path) as object);
    const longer = known.find((name) => name.startsWith(key) && !written.includes(name));
    const place = this.#placeOf(key, path);
    const near = key.length >= MIN_ABBREVIATION && longer !== undefined ? longer : nearest(key, known);
    if (near !== undefined && (near === longer || place === undefined)) {
      const meant = [...path, near].join(".");
      return { message: `unknown key ${quoted}; did you mean ${JSON.stringify(near)}?`, meant };
    }
    if (place) {
      const [where, meant] = [place.join(".") || "the top level", [...place, key].join(".")];
      return { message: `unknown key ${quoted}; move it to \`${where}\``, meant };
    }
    if (!this.schemasAt(path, "other").flatMap(keysOf).includes(key)) {
      return { message: `unknown key ${quoted}; remove it` };
    }
    return {
      message: this.#hasFormat(path)
        ? `key ${quoted} is only valid in nginx targets; remove it, or remove \`format\``
        : `key ${quoted} is only valid in template targets; remove it, or add \`format\``,
    };
  }

  #hasFormat(path: Path): boolean {
    return Object.hasOwn(Object(valueAt(this.#file, path.slice(0, 2))) as object, "format");
  }

  /** Returns the nearest place at which the key is known: below the path, or below one of its parents. */
  #placeOf(key: string, path: Path): Path | undefined {
    for (let length = path.length; length >= 0; length--) {
      const start = path.slice(0, length);
      // Other targets may be of the other kind: above a target only the keys of the file itself count.
      const isAboveTarget = path[0] === "targets" && length < 2;
      if (length === 1 && isAboveTarget) continue;
      const found = placeBelow(key, this.schemasAt(start), isAboveTarget ? 0 : MAX_LEVELS);
      if (found) return [...start, ...found];
    }
    return undefined;
  }
}

/** Returns the value at a path; undefined if it is missing. Reads own properties only. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    const isThere = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    return isThere ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }, root);
}

function keysOf({ properties = {} }: PublishedSchema): string[] {
  return Object.keys(properties);
}

function step(schema: PublishedSchema, key: PropertyKey): PublishedSchema[] {
  const inner =
    typeof key === "number" ? schema.items : (schema.properties?.[String(key)] ?? schema.additionalProperties);
  return typeof inner === "object" && !Array.isArray(inner) ? alternatives(inner) : [];
}

function alternatives(schema: PublishedSchema): PublishedSchema[] {
  return schema.anyOf?.flatMap(alternatives) ?? [schema];
}

function placeBelow(key: string, start: readonly PublishedSchema[], levels: number): Path | undefined {
  let level = start.map((schema): { readonly path: Path; readonly schema: PublishedSchema } => ({ path: [], schema }));
  for (let depth = 0; depth <= levels; depth++) {
    // An entry of a list is no level of its own.
    const open = level.flatMap(({ path, schema }) => [
      { path, schema },
      ...step(schema, 0).map((entry) => ({ path: [...path, 0], schema: entry })),
    ]);
    const found = open.find(({ schema }) => keysOf(schema).includes(key));
    if (found) return found.path;
    level = open.flatMap(({ path, schema }) =>
      keysOf(schema).flatMap((name) => step(schema, name).map((inner) => ({ path: [...path, name], schema: inner }))),
    );
  }
  return undefined;
}
