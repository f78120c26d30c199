import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { programPath } from "./demo/program-path.ts";

/**
 * Returns the reason to skip a test on a machine without all of these, or false. A need is the name of a program,
 * `root`, `user namespaces`, a path, `docker` (an Engine answers), `lab` (the Engine is the one that test/lab started) or `image:NAME`.
 * With SALLYPORT_REQUIRE_DOCKER=1 no test is skipped: a missing need is an error.
 */
export function requires(...needs: readonly string[]): string | false {
  const missing = needs.filter((need) => !isAvailable(need));
  if (missing.length === 0) return false;
  const reason = `requires ${missing.join(", ")}`;
  if (process.env["SALLYPORT_REQUIRE_DOCKER"] === "1") throw new Error(`${reason}; SALLYPORT_REQUIRE_DOCKER=1 is set`);
  return reason;
}

function isAvailable(need: string): boolean {
  if (need === "root") return process.getuid?.() === 0;
  if (need === "user namespaces") return spawnSync("unshare", ["--user", "--map-root-user", "true"]).status === 0;
  if (need === "lab") return process.env["SALLYPORT_LAB_STATE"] !== undefined;
  if (need === "docker") return docker("version", "--format", "{{.Server.Version}}");
  if (need.startsWith("image:")) return docker("image", "inspect", need.slice("image:".length));
  if (need.startsWith("/")) return existsSync(need);
  return programPath()
    .split(":")
    .some((directory) => isExecutable(join(directory, need)));
}

function docker(...args: readonly string[]): boolean {
  return spawnSync("docker", args, { stdio: "ignore" }).status === 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
