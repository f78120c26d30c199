import { posix } from "node:path";

/** What a request asks for, as the engine's router understands it. */
export interface RequestPath {
  /** Without leading `v`; undefined when the path names none. */
  readonly version: string | undefined;
  /** Decoded, without the version. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A path that is not in its shortest form is answered with a redirect to that form, version or not. */
export type ParsedPath = RequestPath | { readonly redirect: string };

/** `target` is what stands in the request line. Undefined when it cannot be decoded. */
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
