import { randomBytes } from "node:crypto";

/** Returns a random id in Docker's format: 64 hexadecimal digits. */
export function hexId(): string {
  return randomBytes(32).toString("hex");
}
