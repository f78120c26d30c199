const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** What the engine of general templates adds, because it is no pure function. */
export const ENGINE = ["exists", "include"];

/** Functions of docker-gen 0.17. */
export const DOCKER_GEN = words(`
  where whereNot whereExist whereNotExist whereAny whereAll whereLabelExists whereLabelDoesNotExist whereLabelValueMatches
  groupBy groupByWithDefault groupByKeys groupByMulti groupByLabel groupByLabelWithDefault
  sortStringsAsc sortStringsDesc sortObjectsByKeysAsc sortObjectsByKeysDesc keys contains closest coalesce when intersect
  split splitN replace toLower toUpper parseBool queryEscape json parseJson sha1
  fromYaml mustFromYaml toYaml mustToYaml comment exists dir include eval mustBeOneOf mustBeInt mustBeIntInRange
  nginxQuote nginxMustParseHSTS sprigCoalesce sprigContains sprigDir sprigReplace sprigSplit sprigSplitn
`);

/** Functions of sprig 3.3. */
export const SPRIG = words(`
  abbrev abbrevboth trunc trim upper lower title untitle substr repeat trimall trimAll trimSuffix trimPrefix nospace
  initials randAlphaNum randAlpha randAscii randNumeric randBytes swapcase shuffle snakecase camelcase kebabcase wrap
  wrapWith contains hasPrefix hasSuffix quote squote cat indent nindent replace plural toString toStrings
  list tuple first rest last initial append push prepend concat reverse uniq without has slice chunk compact
  mustFirst mustRest mustLast mustInitial mustAppend mustPush mustPrepend mustReverse mustUniq mustWithout mustHas
  mustSlice mustChunk mustCompact join sortAlpha splitList split splitn until untilStep seq
  dict get set unset hasKey pluck keys pick omit merge mergeOverwrite mustMerge mustMergeOverwrite values dig
  deepCopy mustDeepCopy default empty coalesce all any ternary fail typeOf typeIs typeIsLike kindOf kindIs deepEqual
  atoi int int64 float64 toDecimal add add1 sub div mod mul addf add1f subf divf mulf max min biggest maxf minf ceil
  floor round randInt b64enc b64dec b32enc b32dec toJson toPrettyJson toRawJson fromJson mustToJson mustToPrettyJson
  mustToRawJson mustFromJson sha1sum sha256sum sha512sum adler32sum bcrypt htpasswd derivePassword encryptAES
  decryptAES genPrivateKey genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert
  genSignedCertWithKey buildCustomCert uuidv4 now ago date dateInZone date_in_zone dateModify date_modify
  mustDateModify must_date_modify duration durationRound htmlDate htmlDateInZone toDate mustToDate unixEpoch
  regexMatch regexFindAll regexFind regexReplaceAll regexReplaceAllLiteral regexSplit regexQuoteMeta mustRegexMatch
  mustRegexFindAll mustRegexFind mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit
  base dir clean ext isAbs osBase osDir osClean osExt osIsAbs semver semverCompare urlParse urlJoin env expandenv
  getHostByName hello
`);

/** Functions of Go's text/template. */
export const GO = words(`
  and or not eq ne lt le gt ge len index slice print printf println html js urlquery call
`);
