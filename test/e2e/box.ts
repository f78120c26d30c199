import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker } from "../docker.ts";

/** An image with this machine's busybox and its libraries: a few megabytes, without a registry, for any engine. */
export const BOX = "sallyport-test-box:1";

const PACK = `
set -e
mkdir -p "$1/bin" "$1/tmp" "$1/etc"
cp "$(command -v busybox)" "$1/bin/busybox"
for name in sh sleep test touch rm echo cat; do ln -s busybox "$1/bin/$name"; done
for library in $(ldd "$1/bin/busybox" | grep -o '/[^ )]*'); do
  mkdir -p "$1$(dirname "$library")"
  cp -L "$library" "$1$library"
done
tar -C "$1" -cf "$2" .
`;

/** Imports the image into the engine, with these Dockerfile instructions applied. */
export async function makeBox(name: string = BOX, changes: readonly string[] = []): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-box-"));
  try {
    const tar = join(directory, "box.tar");
    execFileSync("sh", ["-c", PACK, "pack", join(directory, "root"), tar]);
    await docker("import", ...changes.flatMap((change) => ["--change", change]), tar, name);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
