#!/usr/bin/env bash
# Fills a directory with the root file system of the stand-in for nginxinc/nginx-unprivileged:stable.
#
#   nginx/root.sh DIRECTORY
#
# Debian 13's nginx with the conventions of the official image: user 101, port 8080, its nginx.conf, hooks in
# /docker-entrypoint.d, logs on standard output and error. The official image's own hooks are missing.
# Needs root and Debian. Undo: remove DIRECTORY.
set -euo pipefail
# shellcheck source=test/lab/place.sh
. "$(dirname "${BASH_SOURCE[0]}")/../place.sh"

root=$1
tar -C "$root" -xf "$("$lab_dir/debian.sh" ca-certificates curl nginx)"

if grep -E '^[^:]*:[^:]*:101:' "$root/etc/passwd" "$root/etc/group"; then
	echo "lab: id 101 is in use in Debian's root file system" >&2
	exit 1
fi
echo 'nginx:x:101:101:nginx user:/nonexistent:/bin/false' >>"$root/etc/passwd"
echo 'nginx:x:101:' >>"$root/etc/group"

etc=$root/etc/nginx
rm -rf "$etc"/sites-* "$etc"/modules-* "$etc/snippets" "$etc/conf.d"
ln -s /usr/lib/nginx/modules "$etc/modules"
install -m 644 "$lab_dir/nginx/nginx.conf" "$etc/nginx.conf"
install -D -m 644 "$lab_dir/nginx/default.conf" "$etc/conf.d/default.conf"
install -m 755 "$lab_dir/nginx/docker-entrypoint.sh" "$root/docker-entrypoint.sh"
mkdir -p "$root/docker-entrypoint.d"

mkdir -p "$root/var/log/nginx" "$root/var/cache/nginx"
ln -sf /dev/stdout "$root/var/log/nginx/access.log"
ln -sf /dev/stderr "$root/var/log/nginx/error.log"
chmod 755 "$root/var/log/nginx"
chown -R 101:0 "$etc" "$root/var/cache/nginx"
chmod -R g+w "$etc" "$root/var/cache/nginx"
