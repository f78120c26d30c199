/** Where nginx is installed for administrators; other people's PATH often lacks these. */
const ADMIN_PATH = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/opt/homebrew/bin"];

/** Our PATH, and after it the places of administrators' programs. */
export function programPath(): string {
  return [process.env["PATH"] ?? "/usr/bin:/bin", ...ADMIN_PATH].join(":");
}
