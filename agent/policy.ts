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
    .describe("`labels only` inspects images only, so environments of containers never enter the agent's memory."),
  fields: z
    .array(z.enum(["image", "published", "startedAt"]))
    .default([])
    .describe("Fields to disclose in addition to those that routing needs (name, state, health, networks, ports)."),
  env: patterns.describe("Environment variables to disclose: exact names, or prefixes followed by *."),
  labels: patterns.describe("Labels to disclose: exact keys, or prefixes followed by *."),
  force: names.describe("Exact names to disclose although they look like secrets."),
  multiline: names.describe("Names whose values may contain line breaks and tabs."),
  only: z
    .strictObject({
      projects: names.describe(
        "Compose projects. Containers of other projects, and those whose image alone names the project, are not disclosed.",
      ),
      networks: names.describe("Networks. Containers on none of them are not disclosed."),
      labels: names.describe(
        "`key` or `key=value`. Containers with none of these labels, apart from their image's, are not disclosed.",
      ),
    })
    .prefault({})
    .describe("Restricts which containers are disclosed. An empty list does not restrict."),
});

/** The parsed, frozen policy. The audit trail records its hash. */
export type Policy = Readonly<Omit<z.infer<typeof PolicyFile>, "$schema" | "extends">>;

/** Names that routing needs: nginx-proxy's variables, Compose project and service, Sallyport's labels. */
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
    "com.docker.compose.config-hash",
    "com.docker.compose.container-number",
    "com.github.nginx-proxy.nginx-proxy.*",
  ],
  force: ["SERVER_TOKENS"],
  multiline: ["VIRTUAL_HOST_MULTIPORTS"],
});

/** A name that contains one of these looks like a secret and is withheld unless forced. */
const SECRET = ["PASS", "SECRET", "TOKEN", "KEY", "CRED", "AUTH", "PRIVATE", "DSN"];

export function defaultPolicy(): Policy {
  return complete(PolicyFile.parse({}));
}

/** Parses a policy file. Returns every problem with it; an unknown key is one. */
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

/** Whether the policy discloses the value of this name. `sanitize` checks the value itself. */
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
  if (issue.code !== "unrecognized_keys") return [`${at}: ${issue.message}, not ${asciiJson(issue.input)}`];
  const known = Object.keys(issue.path.length === 0 ? PolicyFile.shape : { projects: 0, networks: 0, labels: 0 });
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    return `${at}: unknown key ${quoted(key)}${near === undefined ? "" : `; did you mean "${near}"?`}`;
  });
}
