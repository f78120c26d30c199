/** Differences between releases of Docker Engine that are visible through the API. */
export interface Release {
  readonly engine: string;
  readonly api: string;
  readonly minApi: string;
  /** Since about Engine 23 the `die` of a stopped container follows its `disconnect` and `stop`. */
  readonly dieIsLast: boolean;
  /** Since API 1.44 attachments have DNS names, and no network mode is called `default`. */
  readonly dnsNames: boolean;
  /**
   * Until Engine 28, container events repeat the container in legacy fields, leaving a network emits two events, and inspect
   * has the bridge, triggers of the image, and null for no port bindings.
   */
  readonly legacyFields: boolean;
  /** Until API 1.51 the address on the default bridge is reported twice. */
  readonly topLevelAddress: boolean;
}

/** 1.41 and 1.45 as recorded from real engines, 1.52 as documented, 1.55 as observed. */
const releases: readonly Release[] = [
  {
    engine: "20.10.24",
    api: "1.41",
    minApi: "1.12",
    dieIsLast: false,
    dnsNames: false,
    legacyFields: true,
    topLevelAddress: true,
  },
  {
    engine: "26.1.5",
    api: "1.45",
    minApi: "1.24",
    dieIsLast: true,
    dnsNames: true,
    legacyFields: true,
    topLevelAddress: true,
  },
  {
    engine: "29.0.0",
    api: "1.52",
    minApi: "1.44",
    dieIsLast: true,
    dnsNames: true,
    legacyFields: false,
    topLevelAddress: false,
  },
  {
    engine: "29.7.2",
    api: "1.55",
    minApi: "1.40",
    dieIsLast: true,
    dnsNames: true,
    legacyFields: false,
    topLevelAddress: false,
  },
];

/** Returns the release for this API version; an unknown one behaves like the next lower known one. */
export function releaseOf(api: string): Release {
  const known = releases.findLast((release) => compareVersions(release.api, api) <= 0);
  if (known === undefined) throw new Error(`API ${api} is not supported`);
  return { ...known, api };
}

/** Returns a negative number, zero or a positive number for `a` below, equal to or above `b`; `1.9` is below `1.41`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
