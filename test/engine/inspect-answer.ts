import { timestamp } from "./clock.ts";
import { type Container, environment, exposedPorts, imageOf, isAlive, portName } from "./container.ts";
import { hexId } from "./hex-id.ts";
import { networksAnswer, portsAnswer } from "./network-settings.ts";
import type { Release } from "./release.ts";

/** `GET /containers/<id>/json`: all data of one container, including the environment. */
export function inspectAnswer(container: Container, release: Release): Record<string, unknown> {
  const [Path, ...Args] = commandOf(container);
  const directory = `/var/lib/docker/containers/${container.id}`;
  return {
    Id: container.id,
    Created: timestamp(container.createdAt),
    Path,
    Args,
    State: stateAnswer(container),
    Image: container.imageId,
    ResolvConfPath: `${directory}/resolv.conf`,
    HostnamePath: `${directory}/hostname`,
    HostsPath: `${directory}/hosts`,
    LogPath: `${directory}/${container.id}-json.log`,
    Name: `/${container.name}`,
    RestartCount: container.restarts,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: null,
    HostConfig: hostConfig(container, release),
    Mounts: container.options.mounts ?? [],
    Config: configAnswer(container, release),
    NetworkSettings: networkSettings(container, release),
  };
}

export function commandOf({ options }: Container): readonly string[] {
  return options.command ?? ["node", "/app/main.ts"];
}

export function modeAnswer({ networkMode }: Container, { dnsNames }: Release): string {
  return networkMode === "default" && dnsNames ? "bridge" : networkMode;
}

function stateAnswer(container: Container): Record<string, unknown> {
  const { state, exitCode, startedAt, finishedAt, health } = container;
  return {
    Status: state,
    Running: isAlive(container),
    Paused: state === "paused",
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: isAlive(container) ? process.pid : 0,
    ExitCode: exitCode,
    Error: "",
    StartedAt: timestamp(startedAt),
    FinishedAt: timestamp(finishedAt),
    ...(health && { Health: { Status: health, FailingStreak: 0, Log: [] } }),
  };
}

function hostConfig(container: Container, release: Release): Record<string, unknown> {
  const bindings = (container.options.publish ?? []).map(({ ip = "", host, container: port }) => [
    portName(port),
    [{ HostIp: ip, HostPort: String(host) }],
  ]);
  return {
    Binds: null,
    LogConfig: { Type: "json-file", Config: {} },
    NetworkMode: modeAnswer(container, release),
    PortBindings: bindings.length === 0 && release.legacyFields ? null : Object.fromEntries(bindings),
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    AutoRemove: false,
    Privileged: false,
    ReadonlyRootfs: false,
  };
}

function configAnswer(container: Container, { legacyFields }: Release): Record<string, unknown> {
  const { options, id } = container;
  const ports = exposedPorts(options);
  return {
    Hostname: id.slice(0, 12),
    Domainname: "",
    User: "",
    ...(ports.length > 0 && { ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])) }),
    Tty: false,
    Env: environment(options),
    Cmd: commandOf(container),
    ...(options.health && { Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 1_000_000_000, Retries: 3 } }),
    Image: imageOf(container),
    Volumes: null,
    WorkingDir: "",
    ...(legacyFields && { OnBuild: null }),
    Labels: options.labels ?? {},
    ...(options.stopSignal && { StopSignal: options.stopSignal }),
    ...(options.stopTimeout !== undefined && { StopTimeout: options.stopTimeout }),
  };
}

function networkSettings(container: Container, release: Release): Record<string, unknown> {
  const Networks = networksAnswer(container, release, true);
  const sandbox = isAlive(container) ? hexId() : "";
  const bridge = container.attachments.get("bridge")?.endpoint;
  return {
    ...(release.legacyFields && { Bridge: "" }),
    SandboxID: sandbox,
    SandboxKey: sandbox && `/var/run/docker/netns/${sandbox.slice(0, 12)}`,
    Ports: portsAnswer(container),
    ...(release.topLevelAddress && {
      EndpointID: bridge?.id ?? "",
      Gateway: bridge ? container.attachments.get("bridge")?.network.gateway : "",
      IPAddress: bridge?.address ?? "",
      IPPrefixLen: bridge ? 16 : 0,
      MacAddress: bridge?.mac ?? "",
    }),
    Networks,
  };
}
