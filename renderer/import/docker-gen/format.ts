import { basename, extname } from "node:path";
import { nearest } from "../../../shared/nearest.ts";
import { FORMAT_NAMES, type FormatName } from "../../template/formats/format-table.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";

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

/** Programs by a word of the path, whose files are of a format. logrotate's words are quoted as a shell's. */
const BY_PROGRAM: readonly (readonly [program: string, format: FormatName])[] = [
  ["caddyfile", "caddyfile"],
  ["haproxy", "haproxy"],
  ["nginx", "nginx"],
  ["dnsmasq", "hosts"],
  ["hosts", "hosts"],
  ["logrotate", "shell"],
];

/** How values are quoted: as somebody said, or guessed from the destination's name, else from the template's. */
export function importFormat(
  said: string | undefined,
  destination: string,
  template: string,
): { readonly format: FormatName; readonly notes: readonly Note[] } {
  if (said !== undefined) return formatOf(said);
  const found = guess(destination) ?? guess(template.replace(/\.hbs$/, ""));
  const others = "docs/reference/templates.md has the others";
  return found === undefined
    ? {
        format: "none",
        notes: [differs(`the name tells no format, so values are printed as they are, unquoted; ${others}`, "format")],
      }
    : {
        format: found.format,
        notes: [
          differs(`guessed, for ${found.why}: values are quoted as ${found.format} needs it; ${others}`, "format"),
        ],
      };
}

function formatOf(said: string): { format: FormatName; notes: Note[] } {
  const format = FORMAT_NAMES.find((name) => name === said);
  if (format !== undefined) return { format, notes: [] };
  const near = nearest(said, FORMAT_NAMES);
  const advice = near === undefined ? `one of ${FORMAT_NAMES.join(", ")}` : `did you mean ${near}?`;
  return { format: "none", notes: [leftOut(`--format ${quoted(said)}: no such format, ${advice}`, "format")] };
}

function guess(path: string): { format: FormatName; why: string } | undefined {
  const extension = extname(path).toLowerCase();
  const byExtension = Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined;
  if (byExtension !== undefined) return { format: byExtension, why: `${quoted(basename(path))} ends in ${extension}` };
  const words = path.toLowerCase().split(/[^a-z0-9]+/);
  const program = BY_PROGRAM.find(([name]) => words.includes(name));
  return program && { format: program[1], why: `${quoted(path)} names ${program[0]}` };
}
