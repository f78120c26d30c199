import { createServer } from "node:http";
import { hostname } from "node:os";
import { demoApp } from "./app.ts";
import { drainable } from "./drain.ts";

/** Serves the app on PORT (5000). On SIGTERM or SIGINT it completes the requests in flight and exits. */
function main(): void {
  const app = process.env["APP_NAME"] ?? "demo";
  const server = createServer(demoApp(() => ({ hostname: hostname(), app })));
  const drain = drainable(server);
  server.listen(Number(process.env["PORT"] ?? "5000"));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void drain());
}

main();
