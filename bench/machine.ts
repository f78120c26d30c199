import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

/** Returns a sentence with the machine, the versions and the date of a measurement. */
export function machine(nodeVersion: string): string {
  const cores = cpus();
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  const memory = Math.round(totalmem() / 2 ** 30);
  const date = new Date().toISOString().slice(0, 10);
  return `Measured on ${date} at commit ${commit}: ${cores.length} cores (${cores[0]?.model.trim()}), ${memory} GiB, Linux ${release()}, Node ${nodeVersion}.`;
}
