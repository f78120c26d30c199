#!/bin/sh
# Entry point of the lab's nginx image. Before nginx starts, it runs the executable hooks in /docker-entrypoint.d in the
# order of their version: NAME.sh is run, NAME.envsh is sourced. A failing hook prevents the start of nginx. The command
# then replaces this shell.
set -e

hooks=/docker-entrypoint.d

log() {
	[ -n "${NGINX_ENTRYPOINT_QUIET_LOGS:-}" ] || echo "$0: $*"
}

run_hooks() {
	find "$hooks" -follow -type f | sort -V | while read -r hook; do
		case $hook in
		*.sh | *.envsh)
			if [ ! -x "$hook" ]; then
				log "Ignoring $hook, not executable"
			elif [ "${hook%.envsh}" != "$hook" ]; then
				log "Sourcing $hook"
				# shellcheck source=/dev/null
				. "$hook"
			else
				log "Launching $hook"
				"$hook"
			fi
			;;
		*) log "Ignoring $hook" ;;
		esac
	done
}

case $1 in
nginx | nginx-debug) run_hooks ;;
esac

exec "$@"
