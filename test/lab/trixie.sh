#!/usr/bin/env bash
# Unpacks packages of Debian 13 (trixie) into a directory, on any version of Debian.
#
#   trixie.sh ARCHITECTURE DIRECTORY PACKAGE...      e.g. trixie.sh arm64 /tmp/tree libc6
#
# Installs and configures nothing, and does not add dependencies. apt uses separate sources, lists and cache: those of the
# machine are unchanged.
# Needs root, Debian and its archive keys. Undo: remove DIRECTORY.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

architecture=$1 directory=$2
shift 2

mirror=$("$lab_dir/mirror.sh")
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/packages"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$apt/sources.list"
: >"$apt/status"
# apt downloads as an unprivileged user, which must be able to write here.
chown -R _apt "$apt" && chmod 755 "$apt"

private_apt() {
	apt-get -q \
		-o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
		-o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
		-o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
		"$@"
}

private_apt update >&2
(cd "$apt/packages" && private_apt download "$@") >&2
mkdir -p "$directory"
for package in "$apt"/packages/*.deb; do
	dpkg -x "$package" "$directory"
	# The package database of an installed system, as far as bills of materials need it.
	name=$(dpkg-deb --field "$package" Package)
	mkdir -p "$directory/var/lib/dpkg/info"
	{ dpkg-deb --field "$package" && echo; } >>"$directory/var/lib/dpkg/status"
	dpkg-deb --fsys-tarfile "$package" | tar -t | sed 's|^\.||' >"$directory/var/lib/dpkg/info/$name:$architecture.list"
done
