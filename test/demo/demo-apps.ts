/** The three apps of compose.yml: service and virtual host. */
export const demoApps = [
  { app: "demo-site", host: "demo.viktoradam.net" },
  { app: "github-proxy", host: "github.api.viktoradam.net" },
  { app: "dockerhub-proxy", host: "docker.api.viktoradam.net" },
] as const;

export const DEMO_HOST = demoApps[0].host;

/** Returns the first lines of an app's response: container, app and request. */
export function responseHead(body: string): string {
  return body.split("\n").slice(0, 3).join("\n");
}
