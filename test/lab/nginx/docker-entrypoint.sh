#!/bin/sh
# Entry point of the lab's nginx image. Before nginx starts, the hooks in /docker-entrypoint.d have their turn, sorted
# by version: NAME.sh runs, NAME.envsh is read into the shell of the hooks after it, both only if executable.
# A hook that fails keeps nginx from starting. Then the command takes the place of this shell.
set -e

hooks=/docker-entrypoint.d

say() {
	[ -n "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ] || echo "$0: $*"
}

run_hooks() {
	find "$hooks" -follow -type f | sort -V | while read -r hook; do
		case $hook in
		*.sh | *.envsh)
			if [ ! -x "$hook" ]; then
				say "Ignoring $hook, not executable"
			elif [ "${hook%.envsh}" != "$hook" ]; then
				say "Sourcing $hook"
				# shellcheck source=/dev/null
				. "$hook"
			else
				say "Launching $hook"
				"$hook"
			fi
			;;
		*) say "Ignoring $hook" ;;
		esac
	done
}

case $1 in
nginx | nginx-debug) run_hooks ;;
esac

exec "$@"
