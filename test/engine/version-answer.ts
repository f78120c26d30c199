import type { Release } from "./release.ts";

/** `GET /version`. Identifies itself as the embedded engine. */
export function versionAnswer({ engine, api, minApi }: Release): Record<string, unknown> {
  const Details = { ApiVersion: api, Arch: "amd64", Experimental: "false", MinAPIVersion: minApi, Os: "linux" };
  return {
    Platform: { Name: "Sallyport's embedded engine" },
    Components: [{ Name: "Engine", Version: engine, Details }],
    Version: engine,
    ApiVersion: api,
    MinAPIVersion: minApi,
    GitCommit: "embedded",
    GoVersion: "none",
    Os: "linux",
    Arch: "amd64",
    KernelVersion: "",
    BuildTime: "2026-01-01T00:00:00.000000000+00:00",
  };
}
