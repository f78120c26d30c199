import { readFileSync } from "node:fs";

/** Returns the flags of Node in a program's image. Writable directories are replaced by `writable`. */
export function imageFlags(program: "agent" | "renderer", writable: string, nodeVersion: string): string[] {
  const [, stage = ""] = readFileSync("Dockerfile", "utf8").split(`\nFROM scratch AS ${program}\n`);
  const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(stage)?.[1] ?? "[]";
  const flags = (JSON.parse(entrypoint) as string[]).filter((argument) => argument.startsWith("--"));
  const own = flags.map((flag) => (flag.startsWith("--allow-fs-write=") ? `--allow-fs-write=${writable}` : flag));
  const isImageNode = Number(/^v([0-9]+)/.exec(nodeVersion)?.[1]) >= 26;
  // Older versions have other flags for the permission model, which does not change their speed.
  return isImageNode
    ? [...new Set(own)]
    : own.filter((flag) => !/^--(permission|allow-|disable-sigusr1|disable-warning)/.test(flag));
}
