import { type Instant, unixSeconds } from "./clock.ts";
import { type Container, imageOf } from "./container.ts";
import { networksAnswer, portsAnswer } from "./network-settings.ts";
import { modeAnswer, commandOf } from "./inspect-answer.ts";
import type { Release } from "./release.ts";
import { statusText } from "./status-text.ts";

/** One row of `GET /containers/json`: no environment, addresses in `Networks`. */
export function listRow(container: Container, release: Release, now: Instant): Record<string, unknown> {
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: imageOf(container),
    ImageID: container.imageId,
    Command: commandOf(container).join(" "),
    Created: unixSeconds(container.createdAt),
    Ports: listPorts(container),
    Labels: container.options.labels ?? {},
    State: container.state,
    Status: statusText(container, now),
    HostConfig: { NetworkMode: modeAnswer(container, release) },
    NetworkSettings: { Networks: networksAnswer(container, release, false) },
    Mounts: container.options.mounts ?? [],
  };
}

function listPorts(container: Container): Record<string, unknown>[] {
  return Object.entries(portsAnswer(container)).flatMap(([name, bindings]) => {
    const [port, Type] = name.split("/");
    const PrivatePort = Number(port);
    if (bindings === null) return [{ PrivatePort, Type }];
    return bindings.map(({ HostIp, HostPort }) => ({ IP: HostIp, PrivatePort, PublicPort: Number(HostPort), Type }));
  });
}
