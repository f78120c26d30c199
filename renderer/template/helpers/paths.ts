import { posix } from "node:path";
import { helpersOf } from "../define-helper.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Strings");

/** Names of files with / between, as texts: nothing is looked at. */
export const paths: readonly Helper[] = [
  define(
    "base PATH",
    'The last part of PATH; "." of an empty one.',
    { template: `{{base "/etc/nginx/mime.types"}}`, prints: "mime.types" },
    (call) => (call.text(0) === "" ? "." : posix.basename(call.text(0)) || "/"),
  ),
  define(
    "dir PATH",
    "PATH without its last part, cleaned. It lists no directory, as docker-gen's does.",
    { template: `{{dir "/etc/nginx/mime.types"}}`, prints: "/etc/nginx" },
    (call) => clean(call.text(0).slice(0, call.text(0).lastIndexOf("/") + 1)),
  ),
  define(
    "ext PATH",
    "What the last part of PATH has from its last dot on.",
    { template: `{{ext "mime.types"}}`, prints: ".types" },
    (call) => {
      const last = call.text(0).slice(call.text(0).lastIndexOf("/") + 1);
      return last.includes(".") ? last.slice(last.lastIndexOf(".")) : "";
    },
  ),
  define(
    "clean PATH",
    "The shortest way to write PATH: without //, /./ and a/.., and without / at its end.",
    { template: `{{clean "/a/./b//../c/"}}`, prints: "/a/c" },
    (call) => clean(call.text(0)),
  ),
  define("isAbs PATH", "Whether PATH begins with /.", { template: `{{isAbs "/etc"}}`, prints: "true" }, (call) =>
    call.text(0).startsWith("/"),
  ),
];

function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
