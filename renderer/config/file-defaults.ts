/** What the configuration file need not repeat, because it is known otherwise. */
export interface FileDefaults {
  /** The port that the Docker host publishes for HTTPS. */
  readonly httpsPort?: number;
}

/** Reads the defaults from environment variables, which compose files set. */
export function defaultsFrom(variables: Readonly<Record<string, string | undefined>>): FileDefaults {
  const port = Number(variables["SALLYPORT_HTTPS_PORT"] ?? "");
  return Number.isInteger(port) && port > 0 && port < 65_536 ? { httpsPort: port } : {};
}

/** Returns the parsed file with the defaults in place of absent keys. */
export function withDefaults(file: unknown, { httpsPort }: FileDefaults): unknown {
  if (httpsPort === undefined || !isRecord(file) || !Array.isArray(file["targets"])) return file;
  const targets = file["targets"].map((target: unknown) => {
    if (!isRecord(target) || !isRecord(target["https"]) || "port" in target["https"]) return target;
    return { ...target, https: { ...target["https"], port: httpsPort } };
  });
  return { ...file, targets };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
