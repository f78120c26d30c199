import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { bundle, packagesOf, programs } from "../.ci/bundle.ts";

/** The agent's packages. Each is attack surface: a longer list needs a reason in the commit that makes it longer. */
const AGENT_PACKAGES = ["docker-modem", "dockerode", "json-rpc-2.0", "zod"];

/** Names that are not concepts. */
const DUMPING_GROUND = /(^|\/)(utils?|helpers?|common|misc|lib|index|types|constants|errors)\.ts$/;

const sources = ["agent", "renderer", "shared"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `${folder}/${path}`),
);

describe("who may import whom", () => {
  for (const program of programs) {
    const other = program === "agent" ? "renderer" : "agent";
    test(`what is really packed into the ${program} has nothing of the ${other}`, async () => {
      const { inputs } = await bundle(program, { write: false });
      const own = Object.keys(inputs).filter((path) => !path.includes("node_modules/"));
      assert.ok(own.includes(`${program}/main.ts`));
      assert.deepEqual(
        own.filter((path) => path.startsWith(`${other}/`) || path.startsWith("test/")),
        [],
      );
    });
  }

  test("the agent is made of its four packages, and no template, YAML or plug-in code", async () => {
    assert.deepEqual(packagesOf(await bundle("agent", { write: false })), AGENT_PACKAGES);
  });

  test("the renderer has no Docker client", async () => {
    const packages = packagesOf(await bundle("renderer", { write: false }));
    assert.deepEqual(
      packages.filter((name) => name.startsWith("docker")),
      [],
    );
    assert.ok(packages.includes("handlebars"));
  });

  test("dockerode, handlebars and the environment each have one door", () => {
    assert.deepEqual(importersOf("dockerode"), ["agent/docker.ts"]);
    assert.deepEqual(
      importersOf("handlebars").filter((path) => !path.startsWith("renderer/template/")),
      [],
    );
    const readsEnvironment = sources.filter((path) => readFileSync(path, "utf8").includes("process.env"));
    assert.deepEqual(
      readsEnvironment.toSorted(),
      ["agent/main.ts", "renderer/main.ts"].filter((path) => readsEnvironment.includes(path)),
    );
  });

  test("the contract imports zod and Node, nothing else", () => {
    const imports = sources
      .filter((path) => path.startsWith("shared/"))
      .flatMap((path) => [...readFileSync(path, "utf8").matchAll(/from "([^"]+)"/g)].map((match) => match[1] ?? ""));
    assert.deepEqual(
      imports.filter((name) => name !== "zod" && !name.startsWith("node:") && !name.startsWith("./")),
      [],
    );
  });
});

test("no file is a dumping ground", () => {
  assert.deepEqual(
    sources.filter((path) => DUMPING_GROUND.test(path)),
    [],
  );
});

test("no sentence of ours calls a read-only mount of the Docker socket read-only access", () => {
  const pages = [
    "README.md",
    "SECURITY.md",
    ...readdirSync("docs")
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ];
  for (const page of pages) {
    for (const sentence of readFileSync(page, "utf8").split(/[.!?]\s/)) {
      const claims =
        /docker\.?sock/i.test(sentence) &&
        /:ro\b|read-only mount/.test(sentence) &&
        /read-only access|cannot write|protects docker/i.test(sentence);
      assert.ok(!claims, `${page}: ${sentence}`);
    }
  }
});

function importersOf(name: string): string[] {
  return sources.filter((path) => readFileSync(path, "utf8").includes(`from "${name}`));
}
