import * as z from "zod";
import { nearest } from "../shared/nearest.ts";

/** An exact name, or a beginning followed by one `*`. There are no regular expressions. */
const Pattern = z
  .string()
  .regex(/^[\x21-\x29\x2b-\x7e]{1,255}\*?$/, "a name, or the beginning of one and a single * at its end");

const patterns = z.array(Pattern).max(256).default([]);
const names = z.array(z.string().min(1).max(256)).max(64).default([]);

/** The policy file (JSON). Lists add to the default policy unless `extends` is `nothing`. */
export const PolicyFile = z.strictObject({
  $schema: z.string().optional().describe("For editors; ignored."),
  extends: z
    .enum(["default", "nothing"])
    .default("default")
    .describe("Whether the lists below add to the default policy or stand alone."),
  mode: z
    .enum(["environment", "labels only"])
    .default("environment")
    .describe("`labels only` never inspects a container, so environments never enter the agent's memory."),
  fields: z
    .array(z.enum(["image", "published", "startedAt"]))
    .default([])
    .describe("Disclosed beside what routing always needs (name, state, health, networks, ports)."),
  env: patterns.describe("Environment variables to disclose, by exact name or beginning with trailing *."),
  labels: patterns.describe("Labels to disclose, by exact key or beginning with trailing *."),
  force: names.describe("Names that look like secrets and are disclosed all the same, one by one."),
  multiline: names.describe("Names whose values may hold line breaks and tabs."),
  only: z
    .strictObject({
      projects: names.describe("Compose projects; others do not exist for the renderer."),
      networks: names.describe("Networks; a container on none of them does not exist for the renderer."),
      labels: names.describe("`key` or `key=value`; a container with none of them does not exist for the renderer."),
    })
    .prefault({})
    .describe("Which containers are seen at all. An empty list does not narrow."),
});

/** What may be told. Made by parsePolicy, frozen, compared by the hash in the audit trail. */
export type Policy = Readonly<Omit<z.infer<typeof PolicyFile>, "$schema" | "extends">>;

/** What routing needs: the names nginx-proxy's users know, compose's project and service, our labels. */
const defaults: Policy = PolicyFile.parse({
  fields: ["published"],
  env: (
    "VIRTUAL_* LETSENCRYPT_* ACME_* CERT_NAME HTTPS_METHOD ENABLE_HTTP_ON_MISSING_CERT EXTERNAL_HTTP_PORT " +
    "EXTERNAL_HTTPS_PORT HSTS NETWORK_ACCESS NON_GET_REDIRECT SERVER_TOKENS SSL_POLICY"
  ).split(" "),
  labels: [
    "sallyport.*",
    "com.docker.compose.project",
    "com.docker.compose.service",
    "com.github.nginx-proxy.nginx-proxy.*",
  ],
  force: ["SERVER_TOKENS"],
  multiline: ["VIRTUAL_HOST_MULTIPORTS"],
});

/** Parts of names that say the value is a secret, whatever list matches them. */
const SECRET = ["PASS", "SECRET", "TOKEN", "KEY", "CRED", "AUTH", "PRIVATE", "DSN"];

export function defaultPolicy(): Policy {
  return complete(PolicyFile.parse({}));
}

/** The policy of a file's text, or all that is wrong with it. An unknown key is an error. */
export function parsePolicy(text: string): Policy | { problems: string[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { problems: ["the policy is not JSON"] };
  }
  const parsed = PolicyFile.safeParse(json);
  return parsed.success ? complete(parsed.data) : { problems: parsed.error.issues.flatMap(describeIssue) };
}

function complete({ extends: base, mode, only, ...lists }: z.infer<typeof PolicyFile>): Policy {
  const given = base === "default" ? defaults : PolicyFile.parse({});
  return Object.freeze({
    mode,
    fields: [...new Set([...given.fields, ...lists.fields])],
    env: [...given.env, ...lists.env],
    labels: [...given.labels, ...lists.labels],
    force: [...given.force, ...lists.force],
    multiline: [...given.multiline, ...lists.multiline],
    only,
  });
}

/** Whether the policy lets this name's value out; its value is checked elsewhere. */
export function discloses(policy: Policy, from: "env" | "label", name: string): boolean {
  const listed = (from === "env" ? policy.env : policy.labels).some((pattern) => matches(pattern, name));
  return listed && (!looksSecret(name) || policy.force.includes(name));
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function looksSecret(name: string): boolean {
  const upper = name.toUpperCase();
  return SECRET.some((part) => upper.includes(part));
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const at = issue.path.map(String).join(".") || "the policy";
  if (issue.code !== "unrecognized_keys") return [`${at}: ${issue.message}`];
  const known = Object.keys(issue.path.length === 0 ? PolicyFile.shape : { projects: 0, networks: 0, labels: 0 });
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    return `${at}: unknown key "${key.slice(0, 64)}"${near === undefined ? "" : `, did you mean "${near}"?`}`;
  });
}
