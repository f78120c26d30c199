import { statSync } from "node:fs";
import { join } from "node:path";
import { createLog, quoted } from "../../shared/log.ts";
import { ACME_HELP } from "./help.ts";
import { ALIVE_FILE, AcmeLoop } from "./loop.ts";
import { parseSettings } from "./settings.ts";

/** Exit codes of sysexits.h. */
const EX_USAGE = 64;
const EX_CONFIG = 78;

/** Milliseconds after which a program that did nothing is not healthy. One order may take a quarter of an hour. */
const MAX_SILENCE_MS = 20 * 60_000;

async function main([command = "run", ...more]: readonly string[]): Promise<number> {
  if (["help", "--help", "-h"].includes(command)) {
    process.stdout.write(ACME_HELP);
    return 0;
  }
  if ((command !== "run" && command !== "health") || more.length > 0) {
    process.stderr.write(`sallyport-acme: unknown command ${quoted([command, ...more].join(" "))}; see --help\n`);
    return EX_USAGE;
  }
  const settings = parseSettings(process.env);
  const log = createLog((line) => void process.stderr.write(line));
  if ("problems" in settings) {
    for (const error of settings.problems) log("error", "config.rejected", { error });
    return EX_CONFIG;
  }
  if (command === "health") return isAlive(settings.state) ? 0 : 1;
  const ending = new AbortController();
  const loop = new AcmeLoop(settings, process.env, log);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => ending.abort());
  process.on("SIGHUP", () => loop.retry());
  await loop.run(ending.signal);
  return 0;
}

function isAlive(state: string): boolean {
  try {
    return Date.now() - statSync(join(state, ALIVE_FILE)).mtimeMs < MAX_SILENCE_MS;
  } catch {
    return false;
  }
}

void main(process.argv.slice(2)).then((code) => (process.exitCode = code));
