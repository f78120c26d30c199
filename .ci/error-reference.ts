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
    files: /^agent\/(?:config|listen|load-policy|main|privilege|serve)|^shared\/socket-path/,
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
    remedy: "correct the value: see [labels and variables](labels-and-variables.md)",
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
    "for values; values from containers and files are quoted and escaped. *As below*: the message has no remedy of its own, because",
    "the one below the table fits all.",
    "[Troubleshoot](../how-to/troubleshoot.md) is ordered by symptom.",
    ...AREAS.flatMap((area) => {
      const own = all.filter(({ file }) => areaOf(file) === area);
      const lines = own.map(
        ({ what, remedy }) => `| ${code(what)} | ${remedy === undefined ? "*as below*" : code(remedy)} |`,
      );
      return [
        "",
        `## ${area.title}`,
        "",
        area.where,
        "",
        "| message | remedy |",
        "|---|---|",
        ...new Set(lines),
        "",
        `*As below:* ${area.remedy}.`,
      ];
    }),
    "",
  ].join("\n");
}

function rows(): ErrorMessage[] {
  return errorMessages(["agent", "renderer", "shared"]).filter(({ file }) => !INTERNAL.test(file));
}

function areaOf(file: string): Area | undefined {
  return AREAS.find(({ files }) => files.test(file));
}

function code(text: string): string {
  const escaped = text.trim().replaceAll("\n", " ").replaceAll("|", "\\|");
  return escaped.includes("`") ? `\`\` ${escaped} \`\`` : `\`${escaped}\``;
}
