#!/bin/sh
# Entry point of the lab's node image: what is no program, or looks like an option, is an argument of node.
set -e

if [ "${1#-}" != "$1" ] || ! command -v "$1" >/dev/null 2>&1; then
	set -- node "$@"
fi
exec "$@"
