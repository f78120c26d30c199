import { basename, extname } from "node:path";
import { nearest } from "../../../shared/nearest.ts";
import { FORMAT_NAMES, type FormatName } from "../../template/formats/format-table.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";

const BY_EXTENSION: Readonly<Record<string, FormatName>> = {
  ".json": "json",
  ".yml": "yaml",
  ".yaml": "yaml",
  ".toml": "toml",
  ".sh": "shell",
  ".bash": "shell",
  ".hosts": "hosts",
  ".caddyfile": "caddyfile",
};

/** Formats by a program's name in the path. logrotate reads quotes as a shell does. */
const BY_PROGRAM: readonly (readonly [program: string, format: FormatName])[] = [
  ["caddyfile", "caddyfile"],
  ["haproxy", "haproxy"],
  ["nginx", "nginx"],
  ["dnsmasq", "hosts"],
  ["hosts", "hosts"],
  ["logrotate", "shell"],
];

interface ImportedFormat {
  readonly format: FormatName;
  readonly notes: readonly Note[];
}

/** Returns the format that is given, or guesses it from the name of the destination, else of the template. */
export function importFormat(given: string | undefined, destination: string, template: string): ImportedFormat {
  if (given !== undefined) return formatNamed(given);
  const guessed = guess(destination) ?? guess(template.replace(/\.hbs$/, ""));
  const text = guessed
    ? `the format is guessed from ${guessed.reason}; values are quoted for ${guessed.format}`
    : "the file name does not indicate a format; values are printed without quotes";
  const note = differs(`${text}; docs/reference/templates.md lists the formats`, "format");
  return { format: guessed?.format ?? "none", notes: [note] };
}

function formatNamed(name: string): ImportedFormat {
  const format = FORMAT_NAMES.find((one) => one === name);
  if (format !== undefined) return { format, notes: [] };
  const near = nearest(name, FORMAT_NAMES);
  const hint = near === undefined ? `use one of ${FORMAT_NAMES.join(", ")}` : `did you mean ${near}?`;
  return { format: "none", notes: [skipped(`--format ${quoted(name)}: unknown format; ${hint}`, "format")] };
}

function guess(path: string): { format: FormatName; reason: string } | undefined {
  const extension = extname(path).toLowerCase();
  const byExtension = Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined;
  if (byExtension !== undefined) return { format: byExtension, reason: `${extension} in ${quoted(basename(path))}` };
  const parts = path.toLowerCase().split(/[^a-z0-9]+/);
  const program = BY_PROGRAM.find(([name]) => parts.includes(name));
  return program && { format: program[1], reason: `${program[0]} in ${quoted(path)}` };
}
