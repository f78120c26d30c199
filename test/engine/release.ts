/** What differs between releases of Docker Engine and can be seen through the API. */
export interface Release {
  readonly engine: string;
  readonly api: string;
  readonly minApi: string;
  /** Since Engine 23, or a little later, a stopped container dies after its network and its `stop`. */
  readonly dieIsLast: boolean;
  /** Since API 1.44 attachments tell their DNS names, and no network mode is called `default`. */
  readonly dnsNames: boolean;
  /** Until API 1.51 the address on the default bridge was told a second time. */
  readonly topLevelAddress: boolean;
}

/** 1.41 and 1.45 are as recorded from the real engines; 1.52 as documented. */
const releases: readonly Release[] = [
  { engine: "20.10.24", api: "1.41", minApi: "1.12", dieIsLast: false, dnsNames: false, topLevelAddress: true },
  { engine: "26.1.5", api: "1.45", minApi: "1.24", dieIsLast: true, dnsNames: true, topLevelAddress: true },
  { engine: "29.0.0", api: "1.52", minApi: "1.44", dieIsLast: true, dnsNames: true, topLevelAddress: false },
];

/** The release that speaks this version; one in between behaves like the known one below it. */
export function releaseOf(api: string): Release {
  const known = releases.findLast((release) => compareVersions(release.api, api) <= 0);
  if (known === undefined) throw new Error(`no embedded engine speaks API ${api}`);
  return { ...known, api };
}

/** Negative, zero or positive, as `a` is below, equal to or above `b`; `1.9` is below `1.41`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
