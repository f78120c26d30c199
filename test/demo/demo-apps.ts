/** The three apps of compose.yml: the service's name and the name it is reached by. */
export const demoApps = [
  { app: "demo-site", host: "demo.viktoradam.net" },
  { app: "github-proxy", host: "github.api.viktoradam.net" },
  { app: "dockerhub-proxy", host: "docker.api.viktoradam.net" },
] as const;

export const DEMO_HOST = demoApps[0].host;

/** The first lines of an app's answer: who answered what. */
export function whoAnswered(body: string): string {
  return body.split("\n").slice(0, 3).join("\n");
}
