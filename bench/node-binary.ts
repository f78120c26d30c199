import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Returns the path of the Node version of the images, which is downloaded from npm into a cache. Where npm has none for
 * this machine, the path of the current process's Node.
 */
export function imageNode(): string {
  const architecture = process.arch === "arm64" ? "arm64" : "x64";
  const directory = join(homedir(), ".cache", "sallyport-bench", `node-26-${architecture}`);
  const binary = join(directory, "bin", "node");
  if (existsSync(binary)) return binary;
  mkdirSync(directory, { recursive: true });
  try {
    const unpack = fileURLToPath(new URL("../test/lab/node/package.sh", import.meta.url));
    execFileSync(unpack, [`node-linux-${architecture}@26`, directory], { stdio: "inherit" });
    return binary;
  } catch {
    return process.execPath;
  }
}

/** `v26.1.0` */
export function versionOf(node: string): string {
  return execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
}
