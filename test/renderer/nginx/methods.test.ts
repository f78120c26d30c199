import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeCertificate } from "./certificate-files.ts";
import { NginxRig, type Seen } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx", "openssl");
const CHALLENGE = "/.well-known/acme-challenge/token";

/** The settings of a host, what it serves, and whether ACME challenges are served over HTTP. */
interface Row {
  readonly method: string;
  readonly certificate: "own" | "none";
  readonly plainWithout: "true" | "false";
  readonly plain: "app" | "redirect" | "none";
  readonly tls: "app with HSTS" | "app" | "none";
  readonly challenges: Readonly<Record<"true" | "legacy" | "false", boolean>>;
}

const [EVERYWHERE, WITH_REDIRECT] = [
  { true: true, legacy: false, false: false },
  { true: true, legacy: true, false: false },
];
const NOWHERE = { true: false, legacy: false, false: false };

const ROWS: readonly Row[] = [
  ...both("redirect", "own", "redirect", "app with HSTS", WITH_REDIRECT),
  row("redirect", "none", "true", "app", "none", EVERYWHERE),
  row("redirect", "none", "false", "redirect", "none", WITH_REDIRECT),
  ...both("noredirect", "own", "app", "app", EVERYWHERE),
  ...both("noredirect", "none", "app", "none", EVERYWHERE),
  ...both("nohttp", "own", "none", "app with HSTS", NOWHERE),
  row("nohttp", "none", "true", "app", "none", EVERYWHERE),
  row("nohttp", "none", "false", "none", "none", NOWHERE),
  ...both("nohttps", "own", "app", "none", NOWHERE),
  ...both("nohttps", "none", "app", "none", NOWHERE),
];

for (const hasDefault of [false, true]) {
  const title = hasDefault
    ? "with a `default` certificate for unknown host names only"
    : "without a `default` certificate";
  describe(`HTTPS_METHOD ${title}, with a real nginx`, { skip }, () => {
    const rig = new NginxRig();
    before(async () => {
      const challenges = join(rig.directory, "challenges");
      mkdirSync(join(challenges, ".well-known", "acme-challenge"), { recursive: true });
      writeFileSync(join(challenges, CHALLENGE), "answer");
      makeCertificate(rig.certificates, "own", ["own"]);
      if (hasDefault) makeCertificate(rig.certificates, "default", ["default"]);
      const apps = ROWS.flatMap((one) =>
        Object.keys(one.challenges).map(
          async (challenge) => await rig.app(`app-${hostOf(one, challenge)}`, envOf(one, challenge)),
        ),
      );
      const https = { certificates: rig.certificates, challenges, listen: 21_463, port: 21_463 };
      await rig.start({ https, nginx: { defaults: { defaultCertificate: false } } }, await Promise.all(apps));
    });
    after(async () => await rig.close());

    const ask = async (one: Row, challenge: string, path: string, tls = false): Promise<Seen> =>
      await rig.ask({ host: hostOf(one, challenge), path, ...(tls && { tls, port: 21_463 }) });

    for (const one of ROWS) {
      const { method, certificate, plainWithout, plain, tls, challenges } = one;
      test(`${method}, certificate ${certificate}, ENABLE_HTTP_ON_MISSING_CERT ${plainWithout}: HTTP ${plain}, HTTPS ${tls}`, async () => {
        assert.equal(byPlain(await ask(one, "true", "/x?y=1"), hostOf(one, "true")), plain);
        assert.equal(byTls(await ask(one, "true", "/", true), hasDefault && method === "nohttps"), tls);
        for (const [challenge, isAnswered] of Object.entries(challenges)) {
          assert.equal((await ask(one, challenge, CHALLENGE)).body === "answer", isAnswered, challenge);
        }
      });
    }
  });
}

function byPlain({ status, headers, body }: Seen, host: string): string {
  if (status === 200 && body.includes(`app-${host}`)) return "app";
  if (status === 503) return "none";
  return status === 301 && headers.location === `https://${host}:21463/x?y=1` ? "redirect" : `${status}`;
}

/** Without a server the handshake is rejected, or the `default` certificate is presented with 503. */
/** Without a certificate the handshake is refused, because the default one is disabled; with `nohttps` the name is unknown. */
function byTls({ status, headers }: Seen, isUnknown: boolean): string {
  if (status === 200) return headers["strict-transport-security"] === undefined ? "app" : "app with HSTS";
  return status === (isUnknown ? 503 : 0) ? "none" : `${status}`;
}

function hostOf({ method, certificate, plainWithout }: Row, challenge: string): string {
  return `${method}-${certificate}-${plainWithout}-${challenge}.example`;
}

function envOf(one: Row, challenge: string): Record<string, string> {
  return {
    VIRTUAL_HOST: hostOf(one, challenge),
    HTTPS_METHOD: one.method,
    ENABLE_HTTP_ON_MISSING_CERT: one.plainWithout,
    ACME_HTTP_CHALLENGE_LOCATION: challenge,
    ...(one.certificate === "own" && { CERT_NAME: "own" }),
  };
}

function row(
  method: string,
  certificate: Row["certificate"],
  plainWithout: Row["plainWithout"],
  plain: Row["plain"],
  tls: Row["tls"],
  challenges: Row["challenges"],
): Row {
  return { method, certificate, plainWithout, plain, tls, challenges };
}

/** The same for both values of ENABLE_HTTP_ON_MISSING_CERT. */
function both(
  method: string,
  certificate: Row["certificate"],
  plain: Row["plain"],
  tls: Row["tls"],
  challenges: Row["challenges"],
): Row[] {
  return (["true", "false"] as const).map((without) => row(method, certificate, without, plain, tls, challenges));
}
