import { type ErrorMessage, errorMessages } from "./error-messages.ts";

interface Area {
  readonly title: string;
  readonly files: RegExp;
  /** Where such messages appear, and how they begin. */
  readonly where: string;
  /** What to do when the message itself does not state it. */
  readonly remedy: string;
}

/** Every area of messages. The first one that matches a file counts. */
const AREAS: readonly Area[] = [
  {
    title: "Agent: start",
    files: /^agent\/(?:config|listen|main|privilege|serve)|^shared\/socket-path/,
    where: "Log event `config.rejected`, exit code 78. Begins with the option, its value or the environment variable.",
    remedy: "correct the option: see the [command line](cli.md#sallyport-agent)",
  },
  {
    title: "Agent: policy",
    files: /^agent\/policy/,
    where: "Log event `config.rejected`, and `policy check`. Begins with the key.",
    remedy: "correct the policy, and test it with `policy check`: see [policy](policy.md)",
  },
  {
    title: "Agent: connection to Docker",
    files: /^agent\/(?:docker-error|watch|container-store|swarm\/)/,
    where:
      "Log events `docker.disconnected`, `swarm.disconnected` and `container.skipped`, and `status`. The agent retries.",
    remedy: "none if it passes; otherwise see the log of Docker",
  },
  {
    title: "Agent: commands",
    files: /^agent\/commands/,
    where: "Standard error of `health` and `policy`. Begins with the option or the file.",
    remedy: "compare with the log of the agent",
  },
  {
    title: "Agent: audit trail",
    files: /^agent\/audit(?:-[a-z]+)?\.ts/,
    where:
      "Log event `config.rejected`, exit code 78, and the exit of the agent. Begins with `--audit-dir` or `--audit-key`.",
    remedy: "see the [audit trail](audit-trail.md#recovery)",
  },
  {
    title: "sallyport-audit",
    files: /^agent\/audit\//,
    where: "Standard error, or the output of `verify`.",
    remedy: "see the [audit trail](audit-trail.md#verify-and-report) and `sallyport-audit --help`",
  },
  {
    title: "Renderer: command line",
    files: /^renderer\/cli/,
    where: "Standard error, exit code 64. Begins with the command or the option.",
    remedy: "see `sallyport-renderer COMMAND --help`",
  },
  {
    title: "Renderer: configuration",
    files: /^renderer\/(?:config|select\/(?!select\.ts))/,
    where:
      "Log event `config.rejected`, and `check`. Begins with `FILE:LINE:COLUMN: KEY`; a rule ends with `, not VALUE`.",
    remedy: "set such a value: see [renderer configuration](renderer-configuration.md)",
  },
  {
    title: "Renderer: connection to an agent",
    files: /^renderer\/inventory/,
    where:
      "Log events `agent.disconnected`, `agent.skipped` and `cache.discarded`, and `status`. The renderer reconnects.",
    remedy: "none if it passes; otherwise see the log of the agent, and use one version of both programs",
  },
  {
    title: "Labels and variables of containers",
    files: /^renderer\/(?:routes|select)|^shared\/snapshot/,
    where:
      "Log events `container.quarantined`, `container.unrouted`, `container.filtered` and `container.warned`, `status` and " +
      '`explain`. Begins with the container and the option; an invalid value is quoted: `OPTION: invalid value "VALUE": …`.',
    remedy: "correct the value to route the container or the host: see [labels and variables](labels-and-variables.md)",
  },
  {
    title: "Certificates from an ACME authority",
    files: /^renderer\/(?:acme|status\/acme|nginx\/certificates\/wanted|targets\/acme-files)/,
    where: "Log events `acme.failed` and `acme.rejected`, `status` and `explain`. May quote the authority.",
    remedy: "see [HTTPS](../how-to/https.md#when-a-certificate-cannot-be-obtained)",
  },
  {
    title: "Certificates and files of nginx",
    files: /^renderer\/nginx/,
    where: "Log event `certificate.rejected`, and `status`. Begins with the file.",
    remedy: "replace the file: see [certificates](certificates.md)",
  },
  {
    title: "Templates",
    files: /^renderer\/template\//,
    where:
      "Log event `template.rejected` and `container.quarantined`, `check` and `status`. Begins with `FILE:LINE:COLUMN`.",
    remedy:
      "correct the template at this place: see [template language](templates.md) and [helpers](template-helpers.md)",
  },
  {
    title: "Files",
    files: /^renderer\/(?:disk|publish)|^renderer\/status\/page/,
    where:
      "`status`, and the log event of the file's owner, such as `publish.failed`. Begins with the file or the error code.",
    remedy: "correct the file or the directory; the renderer retries",
  },
  {
    title: "Reload",
    files: /^renderer\/reload/,
    where: "Log events `publish.rejected` and `publish.failed`, and `status`. The last published file stays live.",
    remedy: "test the method by hand: see [choose a reload method](../how-to/choose-a-reload-method.md)",
  },
  {
    title: "Groups of targets",
    files: /^renderer\/targets/,
    where: "Log events `container.quarantined` and `publish.failed`, and `status`.",
    remedy: "none: the program that checks the file states the reason in the same message",
  },
  {
    title: "Status socket",
    files: /^renderer\/status/,
    where: "Log event `config.rejected`, or the commands `status`, `explain` and `health`.",
    remedy: "see the log of the renderer",
  },
];

/**
 * Files whose messages are no errors of users: they report mistakes of Sallyport itself, are a part of another message, or
 * are notes about a translated configuration.
 */
const INTERNAL =
  /^renderer\/import|^agent\/(?:docker|gate|transport)\.ts|^renderer\/(?:disk\/read-regular|nginx\/text|template\/bounded-renderer)\.ts|^shared\/(?:frame|rpc)\.ts/;

/**
 * What replaces texts that the scan cannot assemble, by what is wrong: a text, its remedy, or both. `undefined` omits what
 * is a part of other messages, or no error.
 */
const TEXTS: Readonly<Record<string, { readonly what?: string; readonly remedy?: string } | undefined>> = {
  // The agent.
  '--docker-socket "DOCKER_SOCKET": MESSAGE': undefined,
  "start the agent as root (it drops root itself) or add its user to the socket's group": {
    what: "the agent's user may not open the socket",
    remedy:
      "start the agent as root (it drops root itself) or add its user to the socket's group; with SELinux, add `security_opt: [label=type:container_runtime_t]` to its container",
  },
  "update Docker if its versions are lower": {
    what: "Docker has versions VERSIONS of its API, the agent VERSIONS",
    remedy: "update Docker if its versions are lower; otherwise update Sallyport, or lower DOCKER_MIN_API_VERSION",
  },
  'policy "": use check or explain CONTAINER': {
    what: 'policy "ACTION" is unknown',
    remedy: "use check or explain CONTAINER",
  },
  "the agent refused": { what: "the agent refused the connection: MESSAGE" },
  '--audit-dir "DIRECTORY": MESSAGE': undefined,
  '--audit-dir "DIRECTORY": CODE': { what: '--audit-dir "DIRECTORY": cannot be written (CODE)' },
  '--audit-dir "DIRECTORY": "PATH": CODE': { what: '--audit-dir "DIRECTORY": "PATH" cannot be written (CODE)' },
  'unexpected argument "POSITIONALS"': { what: 'unexpected argument "ARGUMENT"' },
  "DIRECTORY contains no audit trail": undefined,
  "records BEGIN to N are intact, signed by NAME": undefined,
  '"PATH": CODE': {
    what: '"PATH" cannot be read or created (CODE)',
    remedy: "the user of this command must be able to read it; for a new file, choose another name",
  },
  // Command line and configuration of the renderer.
  "-: standard output cannot be compared": { what: "diff -: standard output cannot be compared" },
  "It is given twice.": { what: "--config is given twice" },
  "It requires a file name.": { what: "--config requires a file name" },
  "--config PROBLEM": undefined,
  "LISTEN is also the port of virtual hosts": { what: "PORT is also the port of virtual hosts" },
  "PORT is also OTHER": { what: "PORT is also another port of `streams`, or a port of virtual hosts" },
  'SALLYPORT_HTTPS_PORT: "" is REASON': { what: 'SALLYPORT_HTTPS_PORT: "VALUE" is not a port' },
  "PATH: MESSAGE, not CONFLICTING together": { what: "KEY: must have one of KEYS, not several together" },
  "FIRST: too many aliases": { what: "too many aliases", remedy: "write the values instead" },
  "unknown alias *SOURCE": { what: "unknown alias *NAME" },
  "must have at least one of KEYS, not": undefined,
  // Agents.
  REASON: undefined,
  "its content is not valid": {
    what: "the stored state of an agent is damaged",
    remedy: "none is needed: the renderer waits for the agent",
  },
  "it cannot be read (CODE)": {
    what: "the stored state of an agent cannot be read (CODE)",
    remedy: "none is needed: the renderer waits for the agent",
  },
  ENOENT: { what: "no socket at this path" },
  EACCES: { what: "no permission to open it" },
  ECONNREFUSED: { what: "no process listens on the socket" },
  "the audit trail RANGE; verify it with sallyport-audit": {
    what: "the audit trail is not the one that was seen before; verify it with sallyport-audit",
  },
  // Containers.
  'value "VALUE": PROBLEM': undefined,
  'WHERE: value "VALUE": PROBLEM': undefined,
  'invalid value "VALUE": PROBLEM': undefined,
  'WHERE: invalid value "VALUE": PROBLEM': undefined,
  "set by the image, which may not set this option": {
    remedy:
      "set the label `sallyport.LABEL`, with another value than the image's, when you run the container, or allow it by `containersMay: [imageValues]`",
  },
  "counts as set by the image, because the agent could not inspect the image": {
    remedy:
      "see the agent's log, set the label `sallyport.LABEL` when you run the container, or allow it by `containersMay: [imageValues]`",
  },
  "several containers with different networks are nginx by `proxy`: WHICH": {
    what: "several containers with different networks are nginx by `proxy`: NAMES",
  },
  "nginx's container does not run: TO_SORTED": { what: "nginx's container does not run: NAME" },
  "uses the network of container JOINS, which the agent does not disclose": {
    what: "uses the network of container ID, which the agent does not disclose",
  },
  "runs on node ?, which is down": { what: "runs on node NODE, which is down" },
  'does not match entry VALUEVALUE of `where`: "ENTRY"': { what: "does not match entry NUMBER of `where`: ENTRY" },
  'does not match entry VALUEVALUE of `where`: "ENTRY": the agent discloses no label "MISSING" and withholds LABELS labels of the container':
    {
      what: 'does not match entry NUMBER of `where`: ENTRY: the agent discloses no label "LABEL" and withholds N labels of the container',
    },
  "is STATE": {
    what: "is created, exited or dead",
    remedy: "start it to route it; in a template target, set `includeStopped` to include it",
  },
  // Certificates and files.
  "not requested": undefined,
  "PROGRESS_PATH: is damaged": { what: "PATH: the file of the ACME client's progress is damaged" },
  "OWN has its own password file, and nginx applies only one, so @NAME cannot be used, too": {
    what: "HOST has its own password file, and nginx applies only one, so @NAME cannot be used, too",
  },
  "the operator requires NAMES for all paths, so NAMES cannot be used, too": {
    what: "the operator requires SERVICE for all paths, so SERVICE cannot be used, too",
  },
  "it contains no WHAT in PEM": { what: "it contains no certificate or revocation list in PEM" },
  "a WHAT in it is not valid": { what: "a certificate or revocation list in it is not valid" },
  "STEM.crt or STEM.key ERROR": { what: "STEM.crt or STEM.key cannot be read" },
  "it is empty, and it restricted access before": {
    remedy: "restore it, or create FILE_removed to remove the restriction",
  },
  "the file is missing, and it restricted access": {
    remedy: "restore it, or create FILE_removed to remove the restriction",
  },
  // Templates.
  "may need quotesWORD": { what: "may need quotes" },
  "values and their places differ in number": undefined,
  "VALUE must be EXPECTED, not ARGS": undefined,
  'the value at "CALL" must be a text': undefined,
  'PARAMETER must be LANGUAGE of at most 100000 values and 100 levels, not "VALUE"': {
    what: 'PARAMETER must be JSON or YAML of at most 100000 values and 100 levels, not "VALUE"',
  },
  "NAME: PARAMETERS is missing": { what: "NAME: PARAMETER is missing" },
  // Reload and publishing.
  "not a FIFO": { what: "the reload channel has no FIFO" },
  "not a file": { what: "the destination is not a file" },
  FILES: undefined,
  "disconnected for a long time": { remedy: "start it; its virtual hosts return 503 from TIME on" },
  "disconnected for longer than `staleAfter`": { remedy: "start it; its virtual hosts return 503" },
  "without any container: KIND": { what: "the file without any container cannot be rendered: MESSAGE" },
  "PATH: ERRNO": { what: "PATH: the status socket cannot be created (CODE)" },
};

/** Returns the entries of `TEXTS` that match no message. */
export function unusedTexts(): string[] {
  const found = new Set(scanned().map(({ what }) => what));
  return Object.keys(TEXTS).filter((what) => !found.has(what));
}

/** Returns the messages that consist of names of values only. */
export function withoutWords(): string[] {
  return rows()
    .map(({ what }) => what)
    .filter((what) => !/[a-z]{2,} [a-z]{2,}|[a-z]{4}/.test(what.replaceAll(/`[^`]*`/g, "")));
}

/** Returns the messages without an area. The page is complete if the list is empty. */
export function withoutArea(): string[] {
  return rows()
    .filter(({ file }) => areaOf(file) === undefined)
    .map(({ file, what }) => `${file}: ${what}`);
}

/** Returns the page. */
export function errorReference(): string {
  const all = rows();
  return [
    "# Error messages",
    "",
    "<!-- generated by `npm run docs` from the code and .ci/error-reference.ts; do not edit -->",
    "",
    "Every message that a user can cause, by where it appears. A message has the form `WHERE: WHAT; REMEDY`. Words in capitals stand",
    "for values. Values from containers and files are quoted and escaped. Several remedies of one message depend on the situation.",
    "*As below*: the message has no remedy of its own; the one below the table applies.",
    "[Troubleshoot](../how-to/troubleshoot.md) is ordered by symptom.",
    ...AREAS.flatMap((area) => {
      const own = all.filter(({ file }) => areaOf(file) === area);
      const lines = [...new Set(own.map(({ what }) => what))].map((what) => {
        const same = own.filter((one) => one.what === what);
        const remedies = new Set(same.flatMap(({ remedy }) => (remedy === undefined ? [] : [code(remedy)])));
        return `| ${code(what)} | ${remedies.size === 0 ? "*as below*" : [...remedies].join("<br>")} |`;
      });
      return [
        "",
        `## ${area.title}`,
        "",
        area.where,
        "",
        "| message | remedy |",
        "|---|---|",
        ...lines,
        "",
        `*As below:* ${area.remedy}.`,
      ];
    }),
    "",
  ].join("\n");
}

function rows(): ErrorMessage[] {
  return scanned().flatMap((message) => {
    if (!Object.hasOwn(TEXTS, message.what)) return [message];
    const text = TEXTS[message.what];
    return text === undefined ? [] : [{ ...message, ...text }];
  });
}

function scanned(): ErrorMessage[] {
  return errorMessages(["agent", "renderer", "shared"])
    .filter(({ file }) => !INTERNAL.test(file))
    .map((message) => ({ ...message, what: message.what.trim().replaceAll(/""([^"]+)""/g, '"$1"') }));
}

function areaOf(file: string): Area | undefined {
  return AREAS.find(({ files }) => files.test(file));
}

function code(text: string): string {
  const escaped = text.trim().replaceAll("\n", " ").replaceAll("|", "\\|");
  return escaped.includes("`") ? `\`\` ${escaped} \`\`` : `\`${escaped}\``;
}
