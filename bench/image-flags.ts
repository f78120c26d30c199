import { readFileSync } from "node:fs";

/** The flags that a program's image gives to Node, with the directories it may write replaced by one of ours. */
export function imageFlags(program: "agent" | "renderer", writable: string, nodeVersion: string): string[] {
  const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(readFileSync(`${program}/Dockerfile`, "utf8"))?.[1] ?? "[]";
  const flags = (JSON.parse(entrypoint) as string[]).filter((word) => word.startsWith("--"));
  const own = flags.map((flag) => (flag.startsWith("--allow-fs-write=") ? `--allow-fs-write=${writable}` : flag));
  const isImageNode = Number(/^v([0-9]+)/.exec(nodeVersion)?.[1]) >= 26;
  // Older versions know the permission model by other names: without it they are as fast.
  return isImageNode
    ? [...new Set(own)]
    : own.filter((flag) => !/^--(permission|allow-|disable-sigusr1|disable-warning)/.test(flag));
}
