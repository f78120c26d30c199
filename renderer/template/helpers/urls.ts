import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { recordOf } from "../plain-record.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Encoding");

/** The parts of any reference: RFC 3986, appendix B. */
const PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

/** URLs taken apart and put together. */
export const urls: readonly Helper[] = [
  define(
    "urlParse TEXT",
    'A record of scheme, userinfo, host (with its port), hostname, port, path, query and fragment, each "" when it is not there. Nothing is decoded.',
    { template: `{{get (urlParse "http://db:5432/x?y") "hostname"}}`, prints: "db" },
    (call) => parsed(call.text(0)),
  ),
  define(
    "urlJoin RECORD",
    "The URL of scheme, userinfo, host, path, query and fragment, as `urlParse` gives them.",
    { template: `{{urlJoin (dict "scheme" "http" "host" "db:80" "path" "/x")}}`, prints: "http://db:80/x" },
    (call) => put(call),
  ),
];

function parsed(text: string): Readonly<Record<string, string>> {
  const [, scheme = "", authority = "", path = "", query = "", fragment = ""] = PARTS.exec(text) ?? [];
  const at = authority.lastIndexOf("@");
  const host = authority.slice(at + 1);
  const port = /:([0-9]*)$/.exec(host)?.[1];
  const hostname = port === undefined ? host : host.slice(0, -port.length - 1);
  return recordOf(
    Object.entries({
      scheme: scheme.toLowerCase(),
      userinfo: at < 0 ? "" : authority.slice(0, at),
      host,
      hostname: hostname.replace(/^\[(.*)\]$/s, "$1"),
      port: port ?? "",
      path,
      query,
      fragment,
    }),
  );
}

function put(call: HelperCall): string {
  const field = (name: string, before: string, after: string): string => {
    const text = call.fieldText(0, name);
    return text === "" ? "" : `${before}${text}${after}`;
  };
  const authority = `${field("userinfo", "", "@")}${field("host", "", "")}`;
  return [
    field("scheme", "", ":"),
    authority === "" ? "" : `//${authority}`,
    field("path", authority !== "" && !call.fieldText(0, "path").startsWith("/") ? "/" : "", ""),
    field("query", "?", ""),
    field("fragment", "#", ""),
  ].join("");
}
