import { createHash, randomBytes } from "node:crypto";

/** Returns a random id in Docker's format: 64 hexadecimal digits. */
export function hexId(): string {
  return randomBytes(32).toString("hex");
}

/** Returns the id of the image with this name. */
export function imageId(name: string): string {
  return `sha256:${createHash("sha256").update(name).digest("hex")}`;
}
