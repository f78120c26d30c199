import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { build as esbuild, type Metafile, type Plugin } from "esbuild";

/**
 * Parts of dockerode that the agent does not use (ssh, builds, gRPC sessions, tar archives), nine tenths of its size. Each
 * is replaced by a module whose functions throw.
 */
const unused =
  /^(ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|tar-fs|@balena\/dockerignore|split-ca|readable-stream)$/;

const stubs: Plugin = {
  name: "stubs",
  setup(build) {
    build.onResolve({ filter: unused }, ({ path }) => ({ path, namespace: "stub" }));
    build.onLoad({ filter: /.*/, namespace: "stub" }, ({ path }) => ({
      contents: `function absent() { throw new Error(${JSON.stringify(`${path} is not included in this program`)}); }
        module.exports = new Proxy(absent, { get: (target, key) => (key === "prototype" ? target[key] : absent) });`,
    }));
    // `debug` prints whole responses of Docker when an environment variable is set.
    build.onResolve({ filter: /^debug$/ }, ({ path }) => ({ path, namespace: "silent" }));
    build.onLoad({ filter: /.*/, namespace: "silent" }, () => ({ contents: "module.exports = () => () => {};" }));
  },
};

/** The programs of the images, each one file for Node 20 or newer. */
export const programs = ["agent", "renderer"] as const;

/**
 * Bundles one program and returns what it consists of. With `write` the file in dist/ is replaced in one step: test
 * files that run at the same time build and start it, too.
 */
export async function bundle(program: (typeof programs)[number], { write }: { write: boolean }): Promise<Metafile> {
  const file = `dist/${program}.cjs`;
  const { metafile, outputFiles } = await esbuild({
    entryPoints: [`${program}/main.ts`],
    outfile: file,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    plugins: program === "agent" ? [stubs] : [],
    // CommonJS has no import.meta. The renderer starts threads with its own file.
    define: { "import.meta.url": "ownUrl" },
    banner: { js: 'const ownUrl = require("node:url").pathToFileURL(__filename).href;' },
    write: false,
  });
  if (write) {
    mkdirSync("dist", { recursive: true });
    writeFileSync(`${file}.${process.pid}`, outputFiles[0]!.contents);
    renameSync(`${file}.${process.pid}`, file);
  }
  return metafile;
}

/** Returns the sorted names of the packages in a bundle. */
export function packagesOf(metafile: Metafile): string[] {
  const names = Object.keys(metafile.inputs).flatMap((path) => {
    const inside = path.lastIndexOf("node_modules/");
    if (inside < 0) return [];
    const [scope = "", name] = path.slice(inside + "node_modules/".length).split("/");
    return [scope.startsWith("@") ? `${scope}/${name}` : scope];
  });
  return [...new Set(names)].toSorted();
}

/** Returns a CycloneDX bill of materials of the packages in the bundle. */
export function billOfMaterials(program: string, packages: readonly string[], sha256: string): object {
  const components = packages.map((name) => {
    const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")) as {
      version: string;
      license?: string;
    };
    const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
    return {
      type: "library",
      name,
      version,
      purl,
      "bom-ref": purl,
      ...(license && { licenses: [{ license: { id: license } }] }),
    };
  });
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const component = {
    type: "application",
    name: `sallyport-${program}`,
    version,
    hashes: [{ alg: "SHA-256", content: sha256 }],
  };
  return { bomFormat: "CycloneDX", specVersion: "1.6", version: 1, metadata: { component }, components };
}

async function main(): Promise<void> {
  const wanted = programs.filter((program) => process.argv.length < 3 || process.argv.includes(program));
  for (const program of wanted) {
    const packages = packagesOf(await bundle(program, { write: true }));
    const text = readFileSync(`dist/${program}.cjs`);
    const sha256 = createHash("sha256").update(text).digest("hex");
    writeFileSync(
      `dist/${program}.cdx.json`,
      `${JSON.stringify(billOfMaterials(program, packages, sha256), undefined, 2)}\n`,
    );
    process.stdout.write(
      `dist/${program}.cjs ${text.length} bytes, ${packages.length} packages: ${packages.join(" ")}\n`,
    );
  }
}

if (process.argv[1]?.endsWith("bundle.ts")) await main();
