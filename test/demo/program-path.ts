/** Directories of system programs such as nginx, which the PATH of other users often lacks. */
const ADMIN_PATH = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/opt/homebrew/bin"];

/** Returns the PATH, followed by the directories of system programs. */
export function programPath(): string {
  return [process.env["PATH"] ?? "/usr/bin:/bin", ...ADMIN_PATH].join(":");
}
