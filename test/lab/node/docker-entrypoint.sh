#!/bin/sh
# Entry point of the lab's node image. Options and names that are not programs are arguments of node.
set -e

if [ "${1#-}" != "$1" ] || ! command -v "$1" >/dev/null 2>&1; then
	set -- node "$@"
fi
exec "$@"
