import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { bundle, MAIN_FILES, packagesOf, programs } from "../.ci/bundle.ts";
import { againstOrder, importsBelow } from "../.ci/import-order.ts";

/** The agent's packages. Each is attack surface: a commit that adds one must give the reason. */
const AGENT_PACKAGES = ["docker-modem", "dockerode", "json-rpc-2.0", "zod"].map((name) => `node_modules/${name}`);

/** File names that do not name a concept. */
const CATCH_ALL = /(^|\/)(utils?|helpers?|common|misc|lib|index|types|constants|errors)\.ts$/;

const sources = ["agent", "renderer", "shared"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `${folder}/${path}`),
);

describe("imports between programs", () => {
  for (const program of programs) {
    const main = MAIN_FILES[program];
    const other = main.startsWith("renderer/") ? "agent" : "renderer";
    test(`the bundle of the ${program} contains no file of the ${other}`, async () => {
      const { inputs } = await bundle(program, { write: false });
      const own = Object.keys(inputs).filter((path) => !path.includes("node_modules/"));
      assert.ok(own.includes(main));
      assert.deepEqual(
        own.filter((path) => path.startsWith(`${other}/`) || path.startsWith("test/")),
        [],
      );
    });
  }

  test("the agent's bundle contains four packages, and no template, YAML or plug-in code", async () => {
    assert.deepEqual(packagesOf(await bundle("agent", { write: false })), AGENT_PACKAGES);
  });

  test("the agent's bundle contains no file of the audit program, whose bundle contains only zod", async () => {
    const { inputs } = await bundle("agent", { write: false });
    assert.deepEqual(
      Object.keys(inputs).filter((path) => path.startsWith("agent/audit/")),
      [],
    );
    assert.deepEqual(packagesOf(await bundle("audit", { write: false })), ["node_modules/zod"]);
  });

  test("the ACME client's bundle contains of the renderer only its own folder and disk/, and only zod", async () => {
    const metafile = await bundle("acme", { write: false });
    assert.deepEqual(packagesOf(metafile), ["node_modules/zod"]);
    const own = Object.keys(metafile.inputs).filter((path) => path.startsWith("renderer/"));
    assert.deepEqual(
      own.filter((path) => !/^renderer\/(acme|disk)\//.test(path)),
      [],
    );
  });

  test("the renderer's bundle contains no Docker client", async () => {
    const packages = packagesOf(await bundle("renderer", { write: false }));
    assert.deepEqual(
      packages.filter((path) => path.includes("/docker")),
      [],
    );
    assert.ok(packages.includes("node_modules/handlebars"));
  });

  test("only one place each uses dockerode, handlebars and the environment", () => {
    assert.deepEqual(importersOf("dockerode"), ["agent/docker.ts"]);
    assert.deepEqual(
      importersOf("handlebars").filter((path) => !path.startsWith("renderer/template/")),
      [],
    );
    const readsEnvironment = sources.filter((path) => readFileSync(path, "utf8").includes("process.env"));
    assert.deepEqual(
      readsEnvironment.toSorted(),
      ["agent/main.ts", "renderer/acme/main.ts", "renderer/main.ts"].filter((path) => readsEnvironment.includes(path)),
    );
  });

  test("shared/ imports only zod and Node", () => {
    const imports = sources
      .filter((path) => path.startsWith("shared/"))
      .flatMap((path) => [...readFileSync(path, "utf8").matchAll(/from "([^"]+)"/g)].map((match) => match[1] ?? ""));
    assert.deepEqual(
      imports.filter((name) => name !== "zod" && !name.startsWith("node:") && !name.startsWith("./")),
      [],
    );
  });
});

describe("the order of folders", () => {
  for (const [from, to, isAllowed] of [
    ["renderer/cli/run.ts", "renderer/targets/run.ts", true],
    ["renderer/nginx/tls.ts", "renderer/nginx/certificates/store.ts", true],
    ["renderer/disk/read-text.ts", "shared/text.ts", true],
    ["renderer/targets/run.ts", "renderer/cli/check.ts", false],
    ["renderer/publish/volume.ts", "renderer/nginx/tls.ts", false],
    ["renderer/unknown/file.ts", "shared/text.ts", false],
    ["renderer/cli/run.ts", "agent/docker.ts", false],
  ] as const) {
    test(`${isAllowed ? "allows" : "rejects"} an import of ${to} in ${from}`, () => {
      assert.equal(againstOrder([{ from, to }]).length, isAllowed ? 0 : 1);
    });
  }

  test("is checked for every import, types included", () => {
    const imports = importsBelow("shared");
    assert.ok(imports.some(({ from, to }) => from === "shared/rpc.ts" && to === "shared/snapshot.ts"));
  });
});

test("every file name names a concept", () => {
  assert.deepEqual(
    sources.filter((path) => CATCH_ALL.test(path)),
    [],
  );
});

test("the documentation never presents a read-only mount of the Docker socket as read-only access", () => {
  const pages = [
    "README.md",
    "SECURITY.md",
    ...readdirSync("docs")
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ];
  for (const page of pages) {
    for (const sentence of readFileSync(page, "utf8").split(/[.!?]\s/)) {
      const misleads =
        /docker\.?sock/i.test(sentence) &&
        /:ro\b|read-only mount/.test(sentence) &&
        /read-only access|cannot write|protects docker/i.test(sentence);
      assert.ok(!misleads, `${page}: ${sentence}`);
    }
  }
});

function importersOf(name: string): string[] {
  return sources.filter((path) => readFileSync(path, "utf8").includes(`from "${name}`));
}
