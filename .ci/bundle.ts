import { mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { build as esbuild, type Metafile, type Plugin } from "esbuild";
import { billOfMaterials } from "./bill-of-materials.ts";

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
export const programs = ["agent", "renderer", "audit", "acme"] as const;

/** The file that each program starts with. */
export const MAIN_FILES: Readonly<Record<(typeof programs)[number], string>> = {
  agent: "agent/main.ts",
  renderer: "renderer/main.ts",
  audit: "agent/audit/main.ts",
  acme: "renderer/acme/main.ts",
};

/**
 * Bundles one program and returns what it consists of. With `write` the file in dist/ is replaced in one step: test
 * files that run at the same time build and start it, too.
 */
export async function bundle(program: (typeof programs)[number], { write }: { write: boolean }): Promise<Metafile> {
  const file = `dist/${program}.cjs`;
  const { metafile, outputFiles } = await esbuild({
    entryPoints: [MAIN_FILES[program]],
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

/** Returns the sorted paths of the packages in a bundle, as package-lock.json names them. */
export function packagesOf(metafile: Metafile): string[] {
  const paths = Object.keys(metafile.inputs).flatMap(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(paths)].toSorted();
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { runtime: { type: "string" }, dpkg: { type: "string" } },
  });
  const { runtime: folder, dpkg } = values;
  const runtime = folder !== undefined && dpkg !== undefined ? { folder, dpkg } : undefined;
  for (const program of programs.filter((name) => positionals.length === 0 || positionals.includes(name))) {
    const packages = packagesOf(await bundle(program, { write: true }));
    const file = `dist/${program}.cjs`;
    const bill = billOfMaterials(program, packages, file, runtime);
    writeFileSync(`dist/${program}.cdx.json`, `${JSON.stringify(bill, undefined, 2)}\n`);
    process.stdout.write(`${file} ${statSync(file).size} bytes, ${packages.length} packages: ${packages.join(" ")}\n`);
  }
}

if (process.argv[1]?.endsWith("bundle.ts")) await main();
