#!/usr/bin/env bash
# Installs `docker compose` v2 for every docker client on this machine. Does nothing if it is installed.
#
#   compose.sh
#
# Debian 12 has only docker-compose v1. The package of Debian 13 contains a static binary that runs on both.
# Needs root, Debian, its archive keys and a docker client. Undo: remove /usr/local/lib/docker/cli-plugins/docker-compose.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

# All versions of the client load plugins from here.
plugin=/usr/local/lib/docker/cli-plugins/docker-compose

every_client_composes() {
	local clients client
	mapfile -t clients < <(type -ap docker)
	((${#clients[@]})) || return 1
	for client in "${clients[@]}"; do
		"$client" compose version >/dev/null 2>&1 || return 1
	done
}

if every_client_composes; then
	exit 0
fi

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
"$lab_dir/trixie.sh" "$(dpkg --print-architecture)" "$tree" docker-compose

mkdir -p "$(dirname "$plugin")"
install -m 755 "$(find "$tree" -type f -name docker-compose -perm -u+x)" "$plugin.new"
mv "$plugin.new" "$plugin"

every_client_composes || {
	echo "lab: docker compose does not work after its installation" >&2
	exit 1
}
docker compose version >&2
