import { readdirSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Most directories that are watched behind the links of one: each costs the kernel some memory, and has a limit there. */
const MAX_DIRECTORIES = 1_000;

/** Most links on the way from a name to its file, as the kernel has it. */
const MAX_LINKS = 40;

/**
 * Directories in which a file changes when what is behind a link of this directory does: that of each link's target, and
 * of what that links to in turn. A renewed certificate is written there, and nothing changes beside the link.
 */
export function linkedDirectories(directory: string): string[] {
  const found = new Set<string>();
  for (const name of namesOf(directory)) {
    for (const place of placesOf(join(directory, name))) {
      if (found.size < MAX_DIRECTORIES) found.add(place);
    }
  }
  found.delete(resolve(directory));
  return [...found];
}

function namesOf(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isSymbolicLink() ? [entry.name] : []));
  } catch {
    return [];
  }
}

function placesOf(link: string): string[] {
  const places: string[] = [];
  let file = link;
  while (places.length < MAX_LINKS) {
    const target = targetOf(file);
    if (target === undefined) break;
    file = resolve(dirname(file), target);
    places.push(dirname(file));
  }
  return places;
}

function targetOf(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
