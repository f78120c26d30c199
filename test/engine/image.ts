import { type ContainerOptions, environment } from "./container.ts";
import { imageId } from "./hex-id.ts";

/** What `ENV` and `LABEL` of an image set. The list can contain duplicate names. */
export interface ImageOptions {
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** Adds what the image sets and `docker run` does not. */
export function withImage(options: ContainerOptions, { env = [], labels = {} }: ImageOptions): ContainerOptions {
  const own = environment(options);
  const names = new Set(own.map((line) => line.split("=")[0]));
  return {
    ...options,
    env: [...own, ...env.filter((line) => !names.has(line.split("=")[0]))],
    labels: { ...labels, ...options.labels },
  };
}

/** `GET /images/<id>/json`. */
export function imageAnswer(name: string, { env, labels }: ImageOptions): Record<string, unknown> {
  return {
    Id: imageId(name),
    RepoTags: [name],
    RepoDigests: [],
    Parent: "",
    Comment: "",
    Created: "2026-01-01T00:00:00.000000001Z",
    DockerVersion: "",
    Author: "",
    Config: { Env: env ?? null, Cmd: ["node"], Image: "", Labels: labels ?? null },
    Architecture: "amd64",
    Os: "linux",
    Size: 1_000,
    RootFS: { Type: "layers", Layers: [] },
    Metadata: { LastTagTime: "2026-01-01T00:00:00.000000001Z" },
  };
}
