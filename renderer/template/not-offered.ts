/** A function of docker-gen or sprig that templates here do not have. */
export interface NotOffered {
  readonly name: string;
  /** The reason, and what to write where there is something. */
  readonly why: string;
}

const REASONS: readonly (readonly [why: string, names: string])[] = [
  ["Reads the environment of the renderer; templates see containers.", "env expandenv"],
  [
    "Lists a directory; a template prints the same for the same containers. `dir` cuts off the last part of a path.",
    "sprigDir",
  ],
  ["Looks up a name in the network.", "getHostByName"],
  ["What the time is changes without an event; give milliseconds to `date`.", "now ago"],
  [
    "By chance: the text would be another each time, and the proxy reloaded.",
    "randAlphaNum randAlpha randAscii randNumeric randBytes randInt shuffle uuidv4",
  ],
  [
    "Keys and certificates are made by tools for that, not at each change of a container.",
    "genPrivateKey genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey buildCustomCert",
  ],
  [
    "A secret, or slow by intention: it belongs in a file that the proxy reads.",
    "bcrypt htpasswd derivePassword encryptAES decryptAES",
  ],
  ["Write a partial: `{{> name}}`.", "eval"],
  ["Each value is quoted by the format of the target.", "nginxQuote html js"],
  ["There are no functions among the data.", "call"],
  ["Write `cat` or `printf`.", "print println"],
  ["The types are those of Go: write `kindOf` or `kindIs`.", "typeOf typeIs typeIsLike"],
  ["Nothing changes data here, so nothing needs a copy.", "deepCopy mustDeepCopy"],
  [
    "Numbers are of one kind: write `add`, `sub`, `mul`, `divf`, `max`, `min`.",
    "addf add1f subf mulf biggest maxf minf",
  ],
  ["Write `int`.", "atoi int64"],
  ["Reads octal numbers only.", "toDecimal"],
  ["Moments come as milliseconds.", "toDate mustToDate"],
  ["Write `dateInZone` or `dateModify`.", "date_in_zone date_modify must_date_modify"],
  ["Protects from nothing: write `sha256`.", "adler32sum"],
  ["Write `base`, `dir`, `clean`, `ext`, `isAbs`.", "osBase osDir osClean osExt osIsAbs"],
  ["Write `trimAll`.", "trimall"],
  ["Write `splitN` and its order of arguments, or `splitList`.", "splitn sprigSplit sprigSplitn"],
  ["Write `abbrev`.", "abbrevboth"],
  ["Write `coalesce`.", "sprigCoalesce"],
  ["Write `contains` and its order of arguments.", "sprigContains"],
  ["Write `replace` and its order of arguments.", "sprigReplace"],
  ["Prints a greeting.", "hello"],
  [
    "Helpers fail on misuse anyway: leave out `must`.",
    "mustAppend mustChunk mustCompact mustDateModify mustFirst mustHas mustInitial mustLast mustMerge mustMergeOverwrite " +
      "mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral " +
      "mustRegexSplit mustRest mustReverse mustSlice mustToJson mustToPrettyJson mustToRawJson mustToYaml mustUniq mustWithout",
  ],
  ["Write `parseJson`.", "mustFromJson"],
];

/** What docker-gen and sprig have and templates here do not, in the order of the reasons. */
export const NOT_OFFERED: readonly NotOffered[] = REASONS.flatMap(([why, names]) =>
  names.split(" ").map((name) => ({ name, why })),
);
