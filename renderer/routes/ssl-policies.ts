/** Protocols and ciphers of one policy, as OpenSSL and nginx name them. */
export interface SslPolicy {
  readonly protocols: readonly string[];
  /** For TLS 1.2 and older, in order of preference; TLS 1.3 has its own. */
  readonly ciphers: readonly string[];
  /** Whether the server's order of ciphers applies instead of the client's. */
  readonly serverOrder: boolean;
}

const FROM_1_3 = ["TLSv1.3"];
const FROM_1_2 = ["TLSv1.2", ...FROM_1_3];
const FROM_1_1 = ["TLSv1.1", ...FROM_1_2];
const FROM_1_0 = ["TLSv1", ...FROM_1_1];

/** Cipher suites by key exchange and algorithm, the parts of every policy. */
const ECDHE_GCM = both("AES128-GCM-SHA256", "AES256-GCM-SHA384");
const ECDHE_CHACHA = both("CHACHA20-POLY1305");
const ECDHE_CBC_SHA2 = both("AES128-SHA256", "AES256-SHA384");
const ECDHE_CBC_SHA1 = both("AES128-SHA", "AES256-SHA");
const RSA_GCM_SHA2 = ["AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"];
const RSA_SHA1 = ["AES128-SHA", "AES256-SHA"];
const DHE = ["DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384", "DHE-RSA-CHACHA20-POLY1305"];
const DHE_OLD = ["DHE-RSA-AES128-SHA256", "DHE-RSA-AES256-SHA256"];

const FORWARD_SECRET = [...ECDHE_GCM, ...ECDHE_CBC_SHA2];
const FORWARD_SECRET_OLD = [...FORWARD_SECRET, ...ECDHE_CBC_SHA1];
const EVERYTHING = [...FORWARD_SECRET_OLD, ...RSA_GCM_SHA2, ...RSA_SHA1];

/**
 * Policies by nginx-proxy's names: Mozilla's recommendations and the policies of Amazon's load balancers.
 * The oldest lack the ciphers that current OpenSSL has removed (3DES, DSS, RC4).
 */
export const SSL_POLICIES: Readonly<Record<string, SslPolicy>> = {
  "Mozilla-Modern": { protocols: FROM_1_3, ciphers: [], serverOrder: false },
  "Mozilla-Intermediate": {
    protocols: FROM_1_2,
    ciphers: [...ECDHE_GCM, ...ECDHE_CHACHA, ...DHE],
    serverOrder: false,
  },
  "Mozilla-Old": {
    protocols: FROM_1_0,
    ciphers: [
      ...ECDHE_GCM,
      ...ECDHE_CHACHA,
      ...DHE,
      ...ECDHE_CBC_SHA2,
      ...ECDHE_CBC_SHA1,
      ...DHE_OLD,
      ...RSA_GCM_SHA2,
      ...RSA_SHA1,
    ],
    serverOrder: true,
  },
  "AWS-TLS13-1-3-2021-06": amazon(FROM_1_3, []),
  "AWS-TLS13-1-2-2021-06": amazon(FROM_1_2, FORWARD_SECRET),
  "AWS-TLS13-1-2-Res-2021-06": amazon(FROM_1_2, ECDHE_GCM),
  "AWS-TLS13-1-2-Ext1-2021-06": amazon(FROM_1_2, [...FORWARD_SECRET, ...RSA_GCM_SHA2]),
  "AWS-TLS13-1-2-Ext2-2021-06": amazon(FROM_1_2, EVERYTHING),
  "AWS-TLS13-1-1-2021-06": amazon(FROM_1_1, EVERYTHING),
  "AWS-TLS13-1-0-2021-06": amazon(FROM_1_0, EVERYTHING),
  "AWS-FS-1-2-Res-2020-10": amazon(["TLSv1.2"], ECDHE_GCM),
  "AWS-FS-1-2-Res-2019-08": amazon(["TLSv1.2"], FORWARD_SECRET),
  "AWS-FS-1-2-2019-08": amazon(["TLSv1.2"], FORWARD_SECRET_OLD),
  "AWS-FS-1-1-2019-08": amazon(["TLSv1.1", "TLSv1.2"], FORWARD_SECRET_OLD),
  "AWS-FS-2018-06": amazon(["TLSv1", "TLSv1.1", "TLSv1.2"], FORWARD_SECRET_OLD),
  "AWS-TLS-1-2-Ext-2018-06": amazon(["TLSv1.2"], EVERYTHING),
  "AWS-TLS-1-2-2017-01": amazon(["TLSv1.2"], [...FORWARD_SECRET, ...RSA_GCM_SHA2]),
  "AWS-TLS-1-1-2017-01": amazon(["TLSv1.1", "TLSv1.2"], EVERYTHING),
  "AWS-2016-08": amazon(["TLSv1", "TLSv1.1", "TLSv1.2"], EVERYTHING),
  "AWS-2015-05": amazon(["TLSv1", "TLSv1.1", "TLSv1.2"], EVERYTHING),
  "AWS-2015-03": amazon(["TLSv1", "TLSv1.1", "TLSv1.2"], [...EVERYTHING, ...DHE_OLD]),
  "AWS-2015-02": amazon(["TLSv1", "TLSv1.1", "TLSv1.2"], [...EVERYTHING, ...DHE_OLD]),
};

function amazon(protocols: readonly string[], ciphers: readonly string[]): SslPolicy {
  return { protocols, ciphers, serverOrder: true };
}

/** Returns each suite for ECDSA and RSA certificates. */
function both(...suites: readonly string[]): string[] {
  return suites.flatMap((suite) => [`ECDHE-ECDSA-${suite}`, `ECDHE-RSA-${suite}`]);
}
