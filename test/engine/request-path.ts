import { posix } from "node:path";

/** A request path as the engine's router parses it. */
export interface RequestPath {
  /** Without leading `v`; undefined when the path contains no version. */
  readonly version: string | undefined;
  /** Decoded, without the version. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A path that is not normalized is redirected to its normalized form. */
export type ParsedPath = RequestPath | { readonly redirect: string };

/** Parses the target of a request line. Returns undefined when it cannot be decoded. */
export function parsePath(target: string): ParsedPath | undefined {
  const [rawPath = "", rawQuery] = target.split(/\?(.*)/s);
  const decoded = decode(rawPath);
  if (decoded === undefined || !decoded.startsWith("/")) return undefined;
  const clean = posix.normalize(decoded).replace(/^\/\//, "/");
  if (clean !== decoded) return { redirect: encodeURI(clean) + (rawQuery === undefined ? "" : `?${rawQuery}`) };
  const [, version, path = ""] = /^(?:\/v([0-9][0-9.]*))?(\/.*)$/s.exec(decoded) ?? [];
  return { version, path, query: new URLSearchParams(rawQuery ?? "") };
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
