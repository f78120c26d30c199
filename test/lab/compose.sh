#!/usr/bin/env bash
# Makes `docker compose` (v2) work for every docker client on this machine; does nothing if it does already.
#
#   compose.sh
#
# Debian 12 has only the old docker-compose 1; Debian 13's package holds a static binary that runs on both.
# Its package is read with an apt configuration of its own: the machine's sources stay as they are.
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

apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mirror=$("$lab_dir/mirror.sh")
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/package"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$apt/sources.list"
# apt gives up root for downloads, and the account it becomes must be able to write here.
chown -R _apt "$apt" && chmod 755 "$apt"

private_apt() {
	apt-get -q \
		-o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache" \
		-o Acquire::Languages=none -o Acquire::Retries=3 \
		"$@"
}

private_apt update >&2
(cd "$apt/package" && private_apt download docker-compose) >&2
dpkg -x "$apt"/package/docker-compose_*.deb "$apt/tree"

mkdir -p "$(dirname "$plugin")"
install -m 755 "$(find "$apt/tree" -type f -name docker-compose -perm -u+x)" "$plugin.new"
mv "$plugin.new" "$plugin"

every_client_composes || {
	echo "lab: docker compose does not work after its installation" >&2
	exit 1
}
docker compose version >&2
