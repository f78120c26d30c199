import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";

/** Folders from the lowest to the highest. A folder imports only from lower levels, never from its own level. */
const LEVELS = [
  ["shared"],
  ["renderer/disk"],
  ["renderer/inventory", "renderer/acme"],
  ["renderer/routes", "renderer/select"],
  ["renderer/template"],
  ["renderer/config"],
  ["renderer/publish", "renderer/nginx"],
  ["renderer/status", "renderer/reload"],
  ["renderer/targets", "renderer/import"],
  ["renderer/cli"],
  ["renderer/main.ts"],
];

/** One import of one file by another, both as paths from the root of the repository. */
export interface Import {
  readonly from: string;
  readonly to: string;
}

/** Every relative import of the files below a folder, `import type` and `import()` included. */
export function importsBelow(folder: string): Import[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => {
      const from = `${folder}/${path}`;
      const specifiers = readFileSync(from, "utf8").matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
      return [...specifiers].map(([, specifier]) => ({ from, to: posix.join(posix.dirname(from), specifier!) }));
    });
}

/** Returns the imports that go to a folder of the same level or above, and those of folders that have no level. */
export function againstOrder(imports: readonly Import[]): Import[] {
  return imports.filter(({ from, to }) => {
    if (folderOf(from) === folderOf(to)) return false;
    const [importer, imported] = [levelOf(from), levelOf(to)];
    return importer < 0 || imported < 0 || imported >= importer;
  });
}

function folderOf(path: string): string {
  return path.startsWith("renderer/") ? path.split("/", 2).join("/") : path.split("/", 1).join();
}

function levelOf(path: string): number {
  return LEVELS.findIndex((folders) => folders.includes(folderOf(path)));
}

if (process.argv[1]?.endsWith("import-order.ts")) {
  const wrong = againstOrder(importsBelow("renderer"));
  for (const { from, to } of wrong) process.stdout.write(`import against the order of folders: ${from} -> ${to}\n`);
  if (wrong.length > 0) process.exitCode = 1;
}
