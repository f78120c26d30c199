import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fc } from "../../property.ts";
import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";
import { FORMAT_NAMES, FORMATS, type FormatName } from "../../../renderer/template/formats/format-table.ts";
import { removeDirectory } from "../../remove-directory.ts";

const CHARACTERS = Array.from(" \\\"'`${}[]%#;:,&|<>!*~()=\n\r\t-@aé\u0085\u2028\u{1f600}/0");

/** Texts of characters that are special in some format, and any others. */
const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(...CHARACTERS) }));

const directory = mkdtempSync(join(tmpdir(), "sallyport-formats-"));
after(async () => await removeDirectory(directory));

/** The values that the format accepts, each as it is written alone and between double quotes. */
function accepted(
  format: FormatName,
  values: readonly string[],
): { value: string; alone: string; inner: string | undefined }[] {
  return values.flatMap((value) => {
    const [alone, inner] = [FORMATS[format].alone(value), FORMATS[format].inner(value)];
    return "text" in alone
      ? [{ value, alone: alone.text, inner: "text" in inner ? `"${inner.text}"` : undefined }]
      : [];
  });
}

const parsers: readonly [FormatName, (written: string) => unknown][] = [
  ["json", (written) => JSON.parse(written)],
  ["yaml", (written) => parseYaml(written)],
  ["yaml", (written) => (parseYaml(`a: [b, ${written}] # ${written}\n`) as { a: unknown[] }).a[1]],
  ["toml", (written) => parseToml(`a = ${written}`)["a"]],
];
for (const [format, parse] of parsers) {
  test(`${format}: every accepted value is parsed as the same value`, () => {
    fc.assert(
      fc.property(text, fc.oneof(fc.integer(), fc.boolean()), (value, scalar) => {
        for (const { alone, inner } of accepted(format, [value])) {
          assert.equal(parse(alone), value);
          assert.equal(parse(inner ?? ""), value);
        }
        assert.equal(parse((FORMATS[format].alone(scalar) as { text: string }).text), scalar);
      }),
      { numRuns: 500 },
    );
  });
}

const many = fc.array(text, { minLength: 50, maxLength: 200 });

test("shell: a real shell reads every accepted value as one unchanged word", () => {
  fc.assert(
    fc.property(many, (values) => {
      const words = accepted("shell", values).flatMap(({ value, alone, inner }) => [
        [value, alone],
        [value, inner ?? ""],
      ]);
      const script = words.map(([, written]) => `printf '%s\\n' ${written} # ${written}`).join("\n");
      const printed = execFileSync("sh", { input: script, encoding: "utf8" });
      assert.equal(printed, words.map(([value]) => `${value}\n`).join(""));
    }),
    { numRuns: 10 },
  );
});

test("nginx: a real nginx reads every accepted value as one token", () => {
  fc.assert(
    fc.property(many, (values) => {
      const lines = accepted("nginx", values).flatMap(({ alone, inner }, index) => [
        `map $uri $a${index} { default ${alone}; } # ${alone}`,
        `map $uri $b${index} { default ${inner}; }`,
      ]);
      const file = join(directory, "nginx.conf");
      const maps = `map_hash_max_size 4096; variables_hash_max_size 4096;\n${lines.join("\n")}`;
      writeFileSync(file, `pid ${directory}/pid; error_log stderr emerg; events {} http { access_log off;\n${maps}\n}`);
      const { status, stderr } = spawnSync("nginx", ["-t", "-q", "-p", directory, "-c", file], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
    }),
    { numRuns: 10 },
  );
});

test("haproxy: a real HAProxy reads every accepted value as one token", () => {
  fc.assert(
    fc.property(many, (values) => {
      const lines = accepted(
        "haproxy",
        values.map((value) => value.slice(0, 20)),
      )
        .filter(({ value }) => value !== "")
        .flatMap(({ alone, inner }) => [
          `acl x path -- ${alone} # ${alone}`,
          `acl x path -- ${inner}`,
          `http-request set-header X ${alone}`,
          `http-request set-header X ${inner}`,
        ]);
      const file = join(directory, "haproxy.cfg");
      const head =
        "defaults\n mode http\n timeout client 1s\n timeout server 1s\n timeout connect 1s\nfrontend f\n bind 127.0.0.1:1\n";
      writeFileSync(file, `${head} ${lines.join("\n ")}\n`);
      const { status, stderr } = spawnSync("haproxy", ["-c", "-q", "-f", file], { encoding: "utf8" });
      assert.equal(status, 0, stderr);
    }),
    { numRuns: 10 },
  );
});

test("caddyfile: a real Caddy reads every accepted value unchanged", () => {
  fc.assert(
    fc.property(many, (values) => {
      const found = accepted("caddyfile", values);
      const lines = found.map(({ alone }) => `respond /x ${alone} 200 # ${alone}`);
      const file = join(directory, "Caddyfile");
      writeFileSync(file, `:1 {\n${lines.join("\n")}\n}\n`);
      const adapted = execFileSync("caddy", ["adapt", "--adapter", "caddyfile", "--config", file], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        env: { ...process.env, HOME: directory },
      });
      const bodies = [...adapted.matchAll(/"body":("(?:[^"\\]|\\.)*")/g)].map((match): unknown =>
        JSON.parse(match[1] ?? ""),
      );
      assert.deepEqual(new Set(bodies), new Set(found.map(({ value }) => value).filter((value) => value !== "")));
    }),
    { numRuns: 10 },
  );
});

const refused: readonly [FormatName, readonly string[]][] = [
  ["nginx", ["$host", "${x}", "a\nb", "a\0"]],
  ["haproxy", ["%[env(SECRET)]", "%{+Q}[env(X)]", "%ci", "a %zz", "100%", "%%", "a\nb"]],
  ["caddyfile", ["{env.SECRET}", "{$SECRET}", "}", "{", "a\nb", "a\\"]],
  ["shell", ["a\nb", "a\rb", "\0"]],
  ["hosts", ["a b", "a\n10.0.0.1 bank.example", "#", "", "-a", "a/b", "é", "a.", "[::1]"]],
  ["json", ["\0", "\ud800"]],
  ["none", ["\0"]],
];
for (const [format, values] of refused) {
  for (const value of values) {
    test(`${format}: ${JSON.stringify(value)} is rejected`, () => {
      assert.ok("refused" in FORMATS[format].alone(value));
      assert.ok("refused" in FORMATS[format].inner(value));
    });
  }
}

test("names, addresses and numbers are written without quotes where quotes are optional", () => {
  for (const format of FORMAT_NAMES.filter((name) => !["json", "yaml", "toml"].includes(name))) {
    for (const value of ["a.example", "10.0.0.1", "fd00::1", 80]) {
      assert.deepEqual(FORMATS[format].alone(value), { text: String(value) });
    }
  }
});

test("a hosts file contains only names and addresses", () => {
  fc.assert(
    fc.property(text, (value) => {
      for (const { alone } of accepted("hosts", [value])) assert.match(alone, /^[A-Za-z0-9_.:%-]+$/);
    }),
  );
});
