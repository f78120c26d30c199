/** Least max-age, in seconds, with which browsers take a host into the list they are shipped with. */
const YEAR = 31_536_000;

/** A value of Strict-Transport-Security as we write it; undefined when it is none that has an effect. */
export function parseHsts(text: string): string | undefined {
  const directives = text
    .toLowerCase()
    .split(";")
    .map((directive) => directive.trim());
  const known = directives.every((directive) => /^(?:max-age=[0-9]{1,12}|includesubdomains|preload)$/.test(directive));
  const names = new Set(directives.map((directive) => directive.split("=")[0]));
  if (!known || names.size !== directives.length) return undefined;
  const age = Number(directives.find((directive) => directive.startsWith("max-age="))?.slice(8) ?? 0);
  const [subdomains, preload] = [names.has("includesubdomains"), names.has("preload")];
  if (age === 0 || (preload && !(subdomains && age >= YEAR))) return undefined;
  return [`max-age=${age}`, ...(subdomains ? ["includeSubDomains"] : []), ...(preload ? ["preload"] : [])].join("; ");
}
