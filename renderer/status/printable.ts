import { asciiJson } from "../../shared/log.ts";

/** Escapes untrusted text for a terminal: one line of printable ASCII. Quotation marks and backslashes stay as they are. */
export function printable(text = ""): string {
  return asciiJson(text)
    .slice(1, -1)
    .replaceAll(/\\(["\\])/g, "$1");
}
