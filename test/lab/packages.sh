#!/usr/bin/env bash
# Installs Debian packages, but only those whose program is missing: a machine that has them is not touched and asks no mirror.
#
#   packages.sh PROGRAM=PACKAGE...      e.g. packages.sh dockerd=docker.io
#
# Needs root and Debian 12 or newer. No service is started by the installation. Undo: apt-get remove PACKAGE...
set -euo pipefail

# Programs of the administrator are looked for, too, whoever calls.
PATH=$PATH:/usr/sbin:/sbin

missing=()
for pair in "$@"; do
	command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
done
((${#missing[@]})) || exit 0

# While these packages are unpacked, Debian asks this file whether a service may start: 101 means no.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

install_missing() {
	# A failing update is no reason to stop: an unrelated source may be down while ours has the packages.
	apt-get update -q || true
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

for pause in 2 10 30 give-up; do
	if install_missing >&2; then
		exit 0
	fi
	[[ $pause == give-up ]] || sleep "$pause"
done
echo "lab: cannot install ${missing[*]}" >&2
exit 1
