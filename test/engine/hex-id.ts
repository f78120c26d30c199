import { randomBytes } from "node:crypto";

/** An id like Docker's own: 64 hexadecimal digits. */
export function hexId(): string {
  return randomBytes(32).toString("hex");
}
