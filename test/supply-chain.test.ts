import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
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
      const stages = [...text.matchAll(/^FROM .* AS ([\w-]+)$/gm)].map(([, name = ""]) => name);
      const bases = [...text.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm)].map(([, base = ""]) => base);
      assert.ok(bases.length > 0);
      for (const base of bases) {
        const argument = /^\$\{(\w+_IMAGE)\}$/.exec(base)?.[1];
        assert.ok(
          base === "scratch" || stages.includes(base) || (argument && text.includes(`\nARG ${argument}=`)),
          `${path}: FROM ${base}`,
        );
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

  /** Prints a file list of an image's Debian packages, one a line. */
  const packagesIn = (image: string): string[] => {
    const format = "${db:Status-Abbrev} ${Package}@${Version}\n";
    const args = ["run", "--rm", "--entrypoint", "dpkg-query", image, "-W", "-f", format];
    const lines = execFileSync("docker", args, { encoding: "utf8" }).split("\n");
    return lines.flatMap((line) => (line.startsWith("ii ") ? line.slice(3).trim() : []));
  };
  const ACME = ["-f", "compose.yml", "-f", "docs/examples/compose.acme.yml"];
  const SELF_CONTAINED = ["-f", "docs/examples/compose.nginx-proxy.yml"];
  // Images based on nginx's have Node next to its libraries.
  const images: readonly (readonly [
    image: string,
    build: readonly string[],
    contents: readonly (typeof programs)[number][],
    folders: { readonly runtime: readonly string[]; readonly bundles: string },
  ])[] = [
    ...(["agent", "renderer", "audit"] as const).map(
      (program) =>
        [`sallyport-${program}`, [program], [program], { runtime: ["/node", "/lib"], bundles: "/app" }] as const,
    ),
    ["sallyport-acme", [...ACME, "acme"], ["acme"], { runtime: ["/opt/sallyport/lib"], bundles: "/opt/sallyport" }],
    [
      "sallyport",
      [...SELF_CONTAINED, "nginx-proxy"],
      programs,
      { runtime: ["/opt/sallyport/lib"], bundles: "/opt/sallyport" },
    ],
  ];
  for (const [image, build, contents, { runtime, bundles }] of images) {
    test(`${image} has the bundles that npm run build makes here, and bills with the hashes of its files`, async () => {
      if (process.env["SALLYPORT_IMAGES"] !== "given") {
        const [service = "", ...files] = build.toReversed();
        execFileSync("docker", ["compose", ...files.toReversed(), "build", "-q", service]);
      }
      const copy = join(directory, image);
      const container = execFileSync("docker", ["create", image], { encoding: "utf8" }).trim();
      try {
        for (const name of ["runtime", "bundles"]) mkdirSync(join(copy, name), { recursive: true });
        for (const path of runtime) execFileSync("docker", ["cp", `${container}:${path}`, join(copy, "runtime")]);
        execFileSync("docker", ["cp", `${container}:${bundles}/.`, join(copy, "bundles")]);
      } finally {
        execFileSync("docker", ["rm", container]);
      }
      const hashes = (files: string): string[] =>
        execFileSync("sh", ["-c", `find ${files} -type f -exec sha256sum {} +`], { cwd: copy, encoding: "utf8" })
          .trim()
          .split("\n")
          .map((line) => line.slice(0, 64));
      for (const program of contents) {
        await bundle(program, { write: true });
        const file = join(copy, "bundles", `${program}.cjs`);
        assert.ok(readFileSync(file).equals(readFileSync(`dist/${program}.cjs`)), program);
        const bill = readFileSync(join(copy, "bundles", `${program}.cdx.json`), "utf8");
        const listed = [...bill.matchAll(/"alg": "SHA-256",\s+"content": "([0-9a-f]{64})"/g)].map(([, hash]) => hash);
        assert.deepEqual(
          new Set(listed),
          new Set([...hashes("runtime"), ...hashes(`bundles/${program}.cjs`)]),
          program,
        );
        const version = /node-v([0-9.]+)\.tar\.gz/.exec(readFileSync(nodeIn(copy), "latin1"))?.[1];
        for (const purl of [
          `pkg:generic/node@${version}"`,
          "pkg:deb/debian/libc6@",
          "pkg:deb/debian/libstdc%2B%2B6@",
        ]) {
          assert.ok(bill.includes(purl), purl);
        }
      }
    });
  }

  for (const image of ["sallyport-acme", "sallyport"]) {
    test(`${image} has a bill of every Debian package that its Dockerfile installs, with the hash of the archive`, () => {
      const text = execFileSync(
        "docker",
        ["run", "--rm", "--entrypoint", "cat", image, "/opt/sallyport/packages.cdx.json"],
        { encoding: "utf8" },
      );
      const { components } = JSON.parse(text) as {
        components: { name: string; version: string; purl: string; hashes: { content: string }[] }[];
      };
      const before = new Set(packagesIn("nginxinc/nginx-unprivileged:stable"));
      assert.deepEqual(
        components.map(({ name, version }) => `${name}@${version}`).toSorted(),
        packagesIn(image)
          .filter((one) => !before.has(one))
          .toSorted(),
      );
      assert.ok(components.some(({ name }) => name === "dehydrated"));
      for (const { name, version, purl, hashes } of components) {
        assert.ok(
          purl.startsWith(`pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=`),
          purl,
        );
        assert.match(hashes[0]?.content ?? "", /^[0-9a-f]{64}$/, name);
      }
    });
  }
});

/** Finds Node in a copy of an image's runtime. */
function nodeIn(copy: string): string {
  return ["node", "lib/node"].map((path) => join(copy, "runtime", path)).find((path) => existsSync(path)) ?? "";
}
