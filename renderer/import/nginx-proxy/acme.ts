import { type Environment, parseFlag } from "./setting.ts";

/** Returns keys of `https` for SALLYPORT_ACME and SALLYPORT_ACME_HOOK: none without the former. */
export function acmeOf(
  env: Environment,
  {
    wanted,
    challenges,
    isSeparate,
  }: { readonly wanted: string; readonly challenges: string; readonly isSeparate: boolean },
): { readonly https: Readonly<Record<string, unknown>> } | { readonly problem: string } {
  const isOn = parseFlag(env, "SALLYPORT_ACME");
  if (typeof isOn === "object") return isOn;
  if (!isOn) return { https: {} };
  if (isSeparate) {
    return {
      problem:
        "SALLYPORT_ACME: nginx in another container cannot read the certificates; use docs/examples/compose.acme.yml, or remove one of SALLYPORT_ACME and SALLYPORT_NGINX",
    };
  }
  // With a hook, the client validates all names by DNS-01.
  const dns = (env["SALLYPORT_ACME_HOOK"] ?? "").trim() !== "";
  return { https: { challenges, acme: { directory: wanted, ...(dns && { dns }) } } };
}
