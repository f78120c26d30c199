import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as z from "zod";
import { defaultPolicy, discloses, parsePolicy, PolicyFile } from "../../agent/policy.ts";
import { parseConfig, refusedVariables } from "../../agent/config.ts";

test("the published schema matches the code", () => {
  const published: unknown = JSON.parse(readFileSync("docs/policy.schema.json", "utf8"));
  assert.deepEqual(published, JSON.parse(JSON.stringify(z.toJSONSchema(PolicyFile, { io: "input" }))));
});

test("the default policy discloses names for routing and withholds names of secrets", () => {
  const policy = defaultPolicy();
  for (const name of ["VIRTUAL_HOST", "VIRTUAL_PORT", "LETSENCRYPT_HOST", "SERVER_TOKENS"])
    assert.ok(discloses(policy, "env", name), name);
  for (const name of ["PATH", "DB_PASSWORD", "VIRTUAL_PASSWORD", "VIRTUAL_API_KEY", "XVIRTUAL_HOST", "virtual_host"]) {
    assert.ok(!discloses(policy, "env", name), name);
  }
  assert.ok(discloses(policy, "label", "com.docker.compose.project"));
  assert.ok(!discloses(policy, "label", "com.docker.compose.project.config_files"));
});

test("discloses a secret-looking name only if it is forced by its exact name", () => {
  const text = JSON.stringify({ extends: "nothing", env: ["APP_*"], force: ["APP_TOKEN"] });
  const policy = parsePolicy(text);
  assert.ok(!("problems" in policy));
  assert.deepEqual(
    ["APP_X", "APP_TOKEN", "APP_TOKEN2"].map((name) => discloses(policy, "env", name)),
    [true, true, false],
  );
});

test("reports every problem of a policy file with the nearest key", () => {
  const problems = (text: string) => (parsePolicy(text) as { problems?: string[] }).problems?.join("\n") ?? "";
  assert.match(problems('{"enviroment":[]}'), /unknown key "enviroment"/);
  assert.match(problems('{"label":[]}'), /did you mean "labels"/);
  assert.match(problems('{"only":{"project":[]}}'), /did you mean "projects"/);
  assert.match(problems('{"env":["A*B"]}'), /env\.0/);
  assert.match(problems("{"), /not valid JSON/);
});

test("rejects environment variables that could redirect the agent or make it disclose data", () => {
  const names = [
    "DOCKER_HOST",
    "DEBUG",
    "NODE_OPTIONS",
    "https_proxy",
    "DOCKER_TLS_VERIFY",
    "DOCKER_\nX",
    "PATH",
    "HOME",
    "npm_config_proxy",
  ];
  const refused = refusedVariables(names).map((problem) => /"([^"]*)"/.exec(problem)?.[1]);
  assert.deepEqual(refused, [
    "DOCKER_HOST",
    "DEBUG",
    "NODE_OPTIONS",
    "https_proxy",
    "DOCKER_TLS_VERIFY",
    "DOCKER_\\nX",
  ]);
});

test("reports every invalid option with its value and a hint", () => {
  const problems = (...args: string[]) => (parseConfig(args) as { problems?: string[] }).problems?.join("\n") ?? "";
  assert.match(problems("--sockt", "/x"), /unknown option "--sockt"; did you mean --socket\?/);
  assert.match(problems("--socket", `/${"x".repeat(107)}`), /108 bytes, but the path of a Unix socket has at most 107/);
  assert.match(problems("--socket", "relative"), /absolute path/);
  assert.match(problems("--audit-failure", "ignore"), /must be halt or degrade/);
  assert.match(problems("--relist", "0"), /--relist "0": must be a whole number of at least 1/);
  assert.match(problems("--user", "0:0"), /--user "0:0": must be UID or UID:GID, each a whole number of at least 1/);
  assert.match(problems("--host", "a b"), /--host "a b": must be at most 64 letters/);
  assert.match(problems("--constructor", "x"), /unknown option "--constructor"/);
  assert.match(problems("--exit-when-refused=no"), /--exit-when-refused "no": takes no value/);
  assert.match(problems("extra"), /unexpected argument "extra"/);
  assert.match(problems("--policy"), /--policy requires a value/);
});
