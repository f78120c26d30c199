#!/usr/bin/env bash
# Makes `docker compose` (v2) work for every docker client on this machine; does nothing if it does already.
#
#   compose.sh
#
# Debian 12 has only the old docker-compose 1; Debian 13's package holds a static binary that runs on both.
# Needs root, Debian, its archive keys and a docker client. Undo: remove /usr/local/lib/docker/cli-plugins/docker-compose.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

# Clients of every version look for their plugins here.
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
