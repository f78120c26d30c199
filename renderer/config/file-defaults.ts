import { quoted } from "../../shared/log.ts";
import { type Parsed, parsePort, type PortNumber } from "../routes/grammar.ts";

const HTTPS_PORT = "SALLYPORT_HTTPS_PORT";

/** What the configuration file need not repeat, because it is known otherwise. */
export interface FileDefaults {
  /** The port that the Docker host publishes for HTTPS, as written and parsed. */
  readonly httpsPort?: { readonly raw: string; readonly parsed: Parsed<PortNumber> };
}

/** Reads the defaults from environment variables, which compose files set. An empty variable counts as unset. */
export function defaultsFrom(variables: Readonly<Record<string, string | undefined>>): FileDefaults {
  const raw = variables[HTTPS_PORT]?.trim() ?? "";
  return raw === "" ? {} : { httpsPort: { raw, parsed: parsePort(raw) } };
}

/** Returns the parsed file with the defaults in place of absent keys, or why a default that it needs is invalid. */
export function withDefaults(
  file: unknown,
  { httpsPort }: FileDefaults,
): { readonly file: unknown } | { readonly problem: string } {
  if (httpsPort === undefined || !isRecord(file) || !Array.isArray(file["targets"])) return { file };
  if (!file["targets"].some((target) => lacksPort(target))) return { file };
  const { raw, parsed } = httpsPort;
  if (parsed.kind === "invalid") {
    const hint = "correct or unset the variable, or set `https.port`";
    return { problem: `${HTTPS_PORT}: ${quoted(raw)} is ${parsed.reason}; ${hint}` };
  }
  const targets = file["targets"].map((target: unknown) =>
    lacksPort(target) ? { ...target, https: { ...target.https, port: parsed.value } } : target,
  );
  return { file: { ...file, targets } };
}

function lacksPort(target: unknown): target is { readonly https: Record<string, unknown> } {
  return isRecord(target) && isRecord(target["https"]) && !("port" in target["https"]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
