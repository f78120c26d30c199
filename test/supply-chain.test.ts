import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { billOfMaterials } from "../.ci/bill-of-materials.ts";
import { bundle, packagesOf, programs } from "../.ci/bundle.ts";
import { removeDirectory } from "./remove-directory.ts";
import { requires } from "./requires.ts";

interface Locked {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Locked> };
const locked = Object.entries(lock.packages).filter(([path]) => path !== "");

describe("package-lock.json", () => {
  test("has a SHA-512 hash and an address in the public registry for every package", () => {
    const invalid = locked.filter(([path, { version, resolved, integrity }]) => {
      const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      const archive = `${name.split("/").at(-1)}-${version}.tgz`;
      return (
        resolved !== `https://registry.npmjs.org/${name}/-/${archive}` ||
        !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? "")
      );
    });
    assert.ok(locked.length > 100);
    assert.deepEqual(invalid, []);
  });
});

describe(".ci/update-base-images", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-base-images-"));
  after(() => removeDirectory(directory));
  const tracked = execFileSync("git", ["ls-files"], { encoding: "utf8" }).split("\n");
  const files = tracked.filter((path) => /(^|\/)(Dockerfile|compose[\w.-]*\.yml)$/.test(path));
  for (const path of [".ci/update-base-images", "docs/reference/self-contained-image.md", ...files]) {
    mkdirSync(join(directory, dirname(path)), { recursive: true });
    cpSync(path, join(directory, path));
  }
  execFileSync("git", ["init", "-q"], { cwd: directory });

  /** Runs the script with a registry whose digests consist of this digit, and returns all image references. */
  function pin(digit: string): { status: number | null; references: string[] } {
    const docker = `#!/bin/sh\n[ "$1 $2 $3" = "buildx imagetools inspect" ] && printf 'sha256:%064d\\n' 0 | tr 0 ${digit}\n`;
    mkdirSync(join(directory, "bin"), { recursive: true });
    writeFileSync(join(directory, "bin/docker"), docker, { mode: 0o755 });
    const env = { ...process.env, PATH: `${directory}/bin:${process.env["PATH"]}` };
    const { status } = spawnSync(join(directory, ".ci/update-base-images"), { cwd: directory, env });
    const references = files.flatMap((path) =>
      [
        ...readFileSync(join(directory, path), "utf8").matchAll(
          /(?:^ARG \w+_IMAGE=|^FROM |^ *image: |\w+_IMAGE:-)([\w./-]+:[\w.@:-]+)/gm,
        ),
      ].map(([, reference = ""]) => reference),
    );
    return { status, references };
  }

  test("pins every base image by digest, and replaces older digests", () => {
    for (const digit of ["a", "b"]) {
      const { status, references } = pin(digit);
      assert.equal(status, 0);
      assert.ok(references.length >= 4);
      assert.deepEqual(
        references.filter((reference) => !new RegExp(`^[\\w./-]+:[\\w.-]+@sha256:${digit}{64}$`).test(reference)),
        [],
      );
    }
  });

  test("changes no file when a tag cannot be resolved", () => {
    const before = pin("c").references;
    const { status, references } = pin("z");
    assert.equal(status, 1);
    assert.deepEqual(references, before);
  });

  test("every stage of a Dockerfile is a pinned image, an earlier stage or scratch", () => {
    for (const path of files.filter((name) => name.endsWith("Dockerfile"))) {
      const text = readFileSync(path, "utf8");
      const bases = [...text.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)].map(([, base = ""]) => base);
      assert.ok(bases.length > 0);
      for (const base of bases) {
        const argument = /^\$\{(\w+_IMAGE)\}$/.exec(base)?.[1];
        assert.ok(base === "scratch" || (argument && text.includes(`\nARG ${argument}=`)), `${path}: FROM ${base}`);
      }
    }
  });
});

describe("the bill of materials", () => {
  for (const program of programs) {
    test(`of the ${program} lists every package of the bundle with version and hash, and Node`, async () => {
      const packages = packagesOf(await bundle(program, { write: true }));
      const { components } = billOfMaterials(program, packages, `dist/${program}.cjs`, undefined) as {
        components: { name: string; version: string; hashes?: { alg: string; content: string }[] }[];
      };
      for (const path of packages) {
        const { version } = JSON.parse(readFileSync(`${path}/package.json`, "utf8")) as Locked;
        const name = path.slice("node_modules/".length);
        const found = components.find((component) => component.name === name);
        assert.equal(found?.version, version, name);
        assert.match(found?.hashes?.[0]?.content ?? "", /^[0-9a-f]{128}$/, name);
      }
      const node = components.find(({ name }) => name === "node");
      assert.equal(node?.version, process.versions.node);
      assert.match(node?.hashes?.[0]?.content ?? "", /^[0-9a-f]{64}$/);
    });
  }
});

describe("the images", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-images-"));
  after(() => removeDirectory(directory));

  // The image of acme is based on nginx's and not part of compose.yml.
  for (const program of programs.filter((one) => one !== "acme")) {
    test(`of the ${program} has the bundle that npm run build makes here, and a bill with the hashes of its files`, async () => {
      if (process.env["SALLYPORT_IMAGES"] !== "given") execFileSync("docker", ["compose", "build", "-q", program]);
      const image = join(directory, program);
      const container = execFileSync("docker", ["create", `sallyport-${program}`], { encoding: "utf8" }).trim();
      try {
        mkdirSync(image);
        for (const path of ["app", "node", "lib"]) execFileSync("docker", ["cp", `${container}:/${path}`, image]);
      } finally {
        execFileSync("docker", ["rm", container]);
      }
      await bundle(program, { write: true });
      assert.ok(readFileSync(join(image, `app/${program}.cjs`)).equals(readFileSync(`dist/${program}.cjs`)));

      const lines = execFileSync("sh", ["-c", "sha256sum node lib/* app/*.cjs"], { cwd: image, encoding: "utf8" });
      const inImage = lines
        .trim()
        .split("\n")
        .map((line) => line.split(/ +/)[0]);
      const bill = readFileSync(join(image, `app/${program}.cdx.json`), "utf8");
      const listed = [...bill.matchAll(/"alg": "SHA-256",\s+"content": "([0-9a-f]{64})"/g)].map(([, hash]) => hash);
      assert.deepEqual(new Set(listed), new Set(inImage));
      const version = execFileSync(
        "docker",
        ["run", "--rm", "--entrypoint", "/node", `sallyport-${program}`, "--version"],
        { encoding: "utf8" },
      ).trim();
      for (const purl of [
        `pkg:generic/node@${version.slice(1)}`,
        "pkg:deb/debian/libc6@",
        "pkg:deb/debian/libstdc%2B%2B6@",
      ]) {
        assert.ok(bill.includes(purl), purl);
      }
    });
  }
});
