import type { NginxSettings } from "./settings.ts";

type Versioned = Pick<NginxSettings, "version">;

/** Whether nginx has the `http2` directive and warns about the `http2` parameter of `listen`. */
export function hasHttp2Directive(settings: Versioned): boolean {
  return isAtLeast(settings, 25, 1);
}

export function hasHeaderMerge(settings: Versioned): boolean {
  return isAtLeast(settings, 29, 3);
}

/** Whether nginx keeps connections to upstream servers open by default, and `keepalive 0` disables it. */
export function keepsConnections(settings: Versioned): boolean {
  return isAtLeast(settings, 29, 7);
}

export function hasSticky(settings: Versioned): boolean {
  return isAtLeast(settings, 29, 6);
}

/** Whether nginx resolves the names of upstream servers again while it runs. */
export function hasResolve(settings: Versioned): boolean {
  return isAtLeast(settings, 27, 3);
}

/** Without a version the configuration suits all supported versions. */
function isAtLeast({ version = "1.0" }: Versioned, minor: number, patch: number): boolean {
  const [, ownMinor = 0, ownPatch = 0] = version.split(".").map(Number);
  return ownMinor > minor || (ownMinor === minor && ownPatch >= patch);
}
