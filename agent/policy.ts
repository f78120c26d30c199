import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { asciiJson, quoted } from "../shared/log.ts";
import { nearest } from "../shared/nearest.ts";

/** An exact name, or a prefix followed by one `*`. Regular expressions are not supported. */
const Pattern = z
  .string()
  .regex(/^[\x21-\x29\x2b-\x7e]{1,255}\*?$/, "must be a name, or a prefix followed by a single *");

const patterns = z.array(Pattern).max(256).default([]);
const names = z.array(z.string().min(1).max(256)).max(64).default([]);

/** The policy file (JSON). Lists extend the default policy unless `extends` is `nothing`. */
export const PolicyFile = z.strictObject({
  $schema: z.string().optional().describe("Schema for editors; ignored by the agent."),
  extends: z
    .enum(["default", "nothing"])
    .default("default")
    .describe("Whether the lists extend the default policy or replace it."),
  mode: z
    .enum(["environment", "labels only"])
    .default("environment")
    .describe("`labels only` inspects no containers, so their environment never enters the agent's memory."),
  fields: z
    .array(z.enum(["image", "published", "startedAt"]))
    .default([])
    .describe("Also disclose the image name, where ports are published (`published`), or the start time."),
  env: patterns.describe("Environment variables to disclose: exact names, or prefixes followed by *."),
  labels: patterns.describe("Labels to disclose: exact keys, or prefixes followed by *."),
  force: names.describe("Exact names to disclose although the name or the value looks like a secret."),
  multiline: names.describe(
    "Names whose values keep their line breaks and tabs. In other values, blanks replace them.",
  ),
  only: z
    .strictObject({
      projects: names.describe("Disclose only containers of these Compose projects."),
      networks: names.describe("Disclose only containers on one of these networks."),
      labels: names.describe("Disclose only containers with one of these labels: `key` or `key=value`."),
    })
    .prefault({})
    .describe("Containers must match every list that is not empty. Labels with the image's own value do not count."),
});

/** The parsed, frozen policy. The audit trail records its hash. */
export type Policy = Readonly<Omit<z.infer<typeof PolicyFile>, "$schema" | "extends">>;

const listOf = (text: string): string[] => text.split(" ");

/**
 * Exactly the names that the renderer reads: nginx-proxy's variables and labels, Compose's labels, and Sallyport's.
 * A prefix would disclose whatever else an app calls `VIRTUAL_DB_PWD` or `sallyport.db.pwd`.
 */
const defaults: Policy = PolicyFile.parse({
  fields: ["published"],
  env: listOf(
    "VIRTUAL_HOST VIRTUAL_PORT VIRTUAL_PATH VIRTUAL_DEST VIRTUAL_PROTO VIRTUAL_HOST_MULTIPORTS VIRTUAL_ROOT " +
      "ACME_CA_URI ACME_HTTP_CHALLENGE_LOCATION CERT_NAME ENABLE_HTTP_ON_MISSING_CERT EXTERNAL_HTTP_PORT EXTERNAL_HTTPS_PORT " +
      "HSTS HTTPS_METHOD LETSENCRYPT_EMAIL LETSENCRYPT_HOST LETSENCRYPT_TEST NETWORK_ACCESS SERVER_TOKENS SSL_POLICY",
  ),
  labels: [
    ...listOf(
      "host enable port path dest proto multiports tcp udp sni network proxy replica redirect-from root network-access balance keepalive timeout " +
        "body-size allow passwords satisfy auth rate rate-burst upstream-tls headers cors compress retry retry-tries sticky health weight backup max-fails fail-timeout max-connections endpoint https-method certificate plain-without-certificate " +
        "default-certificate hsts ssl-policy verify-client http2 http3 non-get-redirect acme-challenge server-tokens " +
        "http-port https-port debug-endpoint acme acme-email acme-test acme-ca",
    ).map((name) => `sallyport.${name}`),
    ...listOf("project service oneoff config-hash container-number").map((name) => `com.docker.compose.${name}`),
    ...listOf(
      "trust-default-cert ssl_verify_client http2.enable http3.enable non-get-redirect debug-endpoint loadbalance keepalive",
    ).map((name) => `com.github.nginx-proxy.nginx-proxy.${name}`),
  ],
  multiline: ["VIRTUAL_HOST_MULTIPORTS", "sallyport.multiports"],
});

/** A name that contains one of these looks like a secret and is withheld unless forced. */
export const SECRET_NAMES = listOf("PASS PWD SECRET TOKEN KEY CRED AUTH PRIVATE DSN COOKIE SESSION HMAC SALT JWT HOOK");

/** A value that one of these matches is withheld unless its name is forced. Host names and paths must not match. */
const SECRET_VALUES = [
  /:\/\/[^/?#\s]*@/, // `user:password@` or `token@` in an address
  /-----BEGIN [A-Z ]*PRIVATE KEY/,
  /\b(?:Basic|Bearer) [\w+/=.~-]{8}/,
  /\b(?:password|passwd|pwd|secret|token|(?:api|access)_?key)=[^\s&]/i,
  /\beyJ[\w-]{8,}\.eyJ/, // JSON Web Token
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\b(?:gh[opsur]|github_pat|[sr]k_live)_\w{16}|\b(?:glpat|xox[abprs])-[\w-]{16}/,
  /\$(?:2[aby]|5|6|apr1|argon2[a-z]+)\$/, // password hash
];

export function defaultPolicy(): Policy {
  return complete(PolicyFile.parse({}));
}

/** Returns the policy of the file, or the default policy, and its hash. */
export function loadPolicy(file: string | undefined): { policy: Policy; sha256: string } | { problems: string[] } {
  let policy: Policy | { problems: string[] } = defaultPolicy();
  try {
    if (file !== undefined) policy = parsePolicy(readFileSync(file, "utf8"));
  } catch (error) {
    return { problems: [`--policy ${quoted(file!)}: cannot be read (${(error as NodeJS.ErrnoException).code})`] };
  }
  if ("problems" in policy) return { problems: policy.problems.map((problem) => `${quoted(file!)}: ${problem}`) };
  return { policy, sha256: createHash("sha256").update(JSON.stringify(policy)).digest("hex") };
}

/** Parses a policy file. Returns every problem with it, including unknown keys. */
export function parsePolicy(text: string): Policy | { problems: string[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problems: ["the policy is not valid JSON"] };
  }
  const parsed = PolicyFile.safeParse(json, { reportInput: true });
  return parsed.success ? complete(parsed.data) : { problems: parsed.error.issues.flatMap(describeIssue) };
}

function complete({ extends: base, mode, only, ...lists }: z.infer<typeof PolicyFile>): Policy {
  const extended = base === "default" ? defaults : PolicyFile.parse({});
  return Object.freeze({
    mode,
    fields: [...new Set([...extended.fields, ...lists.fields])],
    env: [...extended.env, ...lists.env],
    labels: [...extended.labels, ...lists.labels],
    force: [...extended.force, ...lists.force],
    multiline: [...extended.multiline, ...lists.multiline],
    only,
  });
}

/** Whether the policy discloses this name. `sanitize` checks the value. */
export function discloses(policy: Policy, from: "env" | "label", name: string): boolean {
  const list = from === "env" ? "env" : "labels";
  if (!policy[list].some((pattern) => matches(pattern, name))) return false;
  return defaults[list].includes(name) || policy.force.includes(name) || !looksSecret(name);
}

/** Whether the value looks like a secret that the policy does not force. */
export function isSecretValue(policy: Policy, name: string, value: string): boolean {
  return !policy.force.includes(name) && SECRET_VALUES.some((shape) => shape.test(value));
}

/** Whether only the name is disclosed, so that a misspelled option is not ignored silently. */
export function isMisspelled({ env, labels }: Policy, from: "env" | "label", name: string): boolean {
  if (from === "label" && name.startsWith("sallyport.")) return labels.some((one) => one.startsWith("sallyport."));
  return /^(?:virtual|sallyport)/i.test(name) && [...env, ...labels].some((one) => plain(one) === plain(name));
}

/** Returns the name without case and punctuation, in the singular. */
function plain(name: string): string {
  return name
    .toUpperCase()
    .replaceAll(/[^A-Z]/g, "")
    .replace(/S$/, "");
}

/** Whether the policy lists the exact name, not only a prefix. */
export function isExact(policy: Policy, from: "env" | "label", name: string): boolean {
  return policy[from === "env" ? "env" : "labels"].includes(name);
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function looksSecret(name: string): boolean {
  const upper = name.toUpperCase();
  return SECRET_NAMES.some((part) => upper.includes(part));
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.map(String).join(".") || "the policy";
  if (issue.code !== "unrecognized_keys") return [`${at}: ${issue.message}, not ${asciiJson(issue.input)}`];
  const known = Object.keys(issue.path.length === 0 ? PolicyFile.shape : { projects: 0, networks: 0, labels: 0 });
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    return `${at}: unknown key ${quoted(key)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
  });
}
