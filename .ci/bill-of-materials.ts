import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** Where Node and its libraries are: `folder` has `node` and `lib/`, `dpkg` is Debian's package database. */
export interface Runtime {
  readonly folder: string;
  readonly dpkg: string;
}

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version?: string;
  readonly [field: string]: unknown;
}

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly resolved: string;
  readonly integrity: string;
}

/**
 * Returns a CycloneDX bill of materials of a program: the npm packages in its bundle, Node, and Node's libraries. It has
 * neither a time nor a serial number, so that equal builds have equal bills. Without a runtime, Node is the one that runs
 * the build.
 */
export function billOfMaterials(
  program: string,
  packages: readonly string[],
  bundle: string,
  runtime: Runtime | undefined,
): object {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    version: string;
    packages: Record<string, Locked>;
  };
  const components = [
    ...packages.map((path) => npmPackage(path, lock.packages[path])),
    ...(runtime
      ? [nodeBinary(join(runtime.folder, "node")), ...libraries(runtime)]
      : [node(process.execPath, process.versions.node)]),
  ];
  const component = { ...file(bundle), type: "application", name: `sallyport-${program}`, version: lock.version };
  return { bomFormat: "CycloneDX", specVersion: "1.6", version: 1, metadata: { component }, components };
}

function npmPackage(path: string, locked: Locked | undefined): Component {
  if (locked === undefined) throw new Error(`package-lock.json has no entry for ${path}; run npm install`);
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const [algorithm = "", digest = ""] = locked.integrity.split("-");
  const hashes = [{ alg: algorithm.replace("sha", "SHA-"), content: Buffer.from(digest, "base64").toString("hex") }];
  return {
    type: "library",
    ...reference(name, locked.version, `pkg:npm/${name.replace("@", "%40")}@${locked.version}`),
    ...(locked.license && { licenses: [{ license: { id: locked.license } }] }),
    // Hashes of the archive in the registry.
    hashes,
    externalReferences: [{ type: "distribution", url: locked.resolved, hashes }],
  };
}

function nodeBinary(path: string): Component {
  // It may be of another architecture than the builder. It contains the address of its own release.
  const [, version] = /node-v([0-9.]+)\.tar\.gz/.exec(readFileSync(path, "latin1")) ?? [];
  if (version === undefined) throw new Error(`${path}: no version found; use an official build of Node`);
  return node(path, version);
}

function node(path: string, version: string): Component {
  return { ...file(path), type: "platform", ...reference("node", version, `pkg:generic/node@${version}`) };
}

/** Returns the Debian packages that the libraries are from, each with its files. */
function libraries({ folder, dpkg }: Runtime): Component[] {
  const status = readFileSync(join(dpkg, "status"), "utf8")
    .split("\n\n")
    .map((entry) =>
      Object.fromEntries([...entry.matchAll(/^([\w-]+): (.*)$/gm)].map(([, key, value]) => [key, value])),
    );
  const lists = readdirSync(join(dpkg, "info"))
    .filter((name) => name.endsWith(".list"))
    .map((name) => ({
      name: name.replace(/(:\w+)?\.list$/, ""),
      paths: readFileSync(join(dpkg, "info", name), "utf8"),
    }));
  const files = readdirSync(join(folder, "lib")).toSorted();
  const owners = files.map((name) => lists.find(({ paths }) => paths.includes(`-linux-gnu/${name}\n`))?.name);
  return [...new Set(owners)].map((owner) => {
    const {
      Package: name,
      Version: version,
      Architecture: architecture,
    } = status.find((entry) => entry["Package"] === owner) ?? {};
    const owned = files.filter((_, index) => owners[index] === owner);
    if (!name || !version) throw new Error(`${join(dpkg, "info")}: no package contains ${owned.join(", ")}`);
    const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
    return {
      type: "library",
      ...reference(name, version, purl),
      components: owned.map((path) => file(join(folder, "lib", path))),
    };
  });
}

function reference(
  name: string,
  version: string,
  purl: string,
): { name: string; version: string; [key: string]: string } {
  return { name, version, purl, "bom-ref": purl };
}

function file(path: string): Component {
  const content = createHash("sha256").update(readFileSync(path)).digest("hex");
  return { type: "file", name: basename(path), hashes: [{ alg: "SHA-256", content }] };
}
