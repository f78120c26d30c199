#!/bin/bash
# Keeps copies of the certificates for nginx, which does not run as root: the keys of operators and ACME clients belong
# to root. Only nginx's group may read a copied key; the renderer reads only certificates. Copies are read-only.
#
#   certificates.sh once|follow GROUP
#
# Certificates of Sallyport's own ACME client are copied, too, unless operators have their own of that name. The client is
# not trusted: its files are read as its user.
#
# Links are followed, because ACME clients create links. Polls every two seconds: network file systems and virtual
# machines of desktop systems deliver no change events.
set -u
group=$2
from=/etc/nginx/certs
dhparam=/etc/nginx/dhparam/dhparam.pem
copies=/run/sallyport/certificates
acme=/var/lib/sallyport/acme/certificates
acme_user=65530
# Maximum size of a file in bytes.
max_bytes=1048576
# The state of each copied file; `follow` loads what `once` saved.
known=/run/sallyport/copied
declare -A copied=()
# Seconds for which the copy of a missing certificate is kept: ACME clients create links again, and the live configuration
# names the file. `gone` is the time in seconds since the start at which a file disappeared.
kept_seconds=60
declare -A gone=()

# Prints a file. One of the ACME client may change into another one, or a FIFO, at any time.
read_file() {
	case $1 in
	"$acme"/*) timeout -k 1 10 setpriv --reuid "$acme_user" --regid "$acme_user" --clear-groups --no-new-privs head -c "$max_bytes" -- "$1" ;;
	*) cat -- "$1" ;;
	esac
}

# FILE NAME: copies atomically. Only PEM blocks, and private keys only from *.key: a link may point to any of root's files.
copy() {
	local mask=0222 keep="/^-----BEGIN /,/^-----END /p"
	case $2 in
	*.key) mask=0337 ;;
	# The client's progress, for the renderer.
	acme.json) keep=p ;;
	*) keep="/^-----BEGIN .*PRIVATE KEY-----/,/^-----END .*PRIVATE KEY-----/d; $keep" ;;
	esac
	local new=$copies/.new$mask
	umask "$mask"
	read_file "$1" | sed -n "$keep" >"$new"
	if [ ! -s "$new" ]; then
		echo "sallyport: $1 contains no PEM block of the expected type and is ignored" >&2
		return
	fi
	{ [ "$mask" = 0222 ] || chgrp "$group" "$new"; } && mv -f -- "$new" "$copies/$2"
}

# STEM: whether the ACME client may not have such a certificate. Names of hosts have a dot.
is_own() {
	local file
	[[ $1 == *.* ]] || return 0
	for file in "$from/$1".{crt,key}; do if [ -e "$file" ] || [ -L "$file" ]; then return 0; fi; done
	return 1
}

refresh() {
	local kind size about file name
	declare -A present=()
	while IFS="|" read -r -d "" kind size about file; do
		name=${file##*/}
		case $name in *[!A-Za-z0-9.:*_-]*) continue ;; esac
		if [[ $kind != regular* ]] || { [ "$file" = "$dhparam" ] && [ -e "$from/dhparam.pem" ]; }; then continue; fi
		case $file in "$acme/acme.json") ;; "$acme"/*) ! is_own "${name%.*}" || continue ;; esac
		present[$name]=yes
		[ "${copied[$name]:-}" != "$size $about" ] || continue
		if [ "$size" -gt "$max_bytes" ]; then
			echo "sallyport: $file is larger than $max_bytes bytes and is ignored" >&2
		elif ! copy "$file" "$name"; then
			continue
		fi
		copied[$name]="$size $about"
	done < <(stat -L --printf '%F|%s|%d %i %y %z|%n\0' -- "$dhparam" "$from"/*.{crt,key,pem} "$acme"/*.{crt,key} "$acme/acme.json" 2>/dev/null)
	# Files about client certificates are never omitted: one that was never usable becomes an empty copy, which closes its
	# host. The ending _removed confirms that such a file is removed.
	for file in "$from"/ca.crt "$from"/*.ca.crt "$from"/*.crl.pem "$from"/*_removed; do
		name=${file##*/}
		if [ ! -e "$file" ] && [ ! -L "$file" ]; then continue; fi
		case $name in *[!A-Za-z0-9.:*_-]*) continue ;; esac
		present[$name]=yes
		[ -e "$copies/$name" ] || (umask 0222 && : >"$copies/$name")
	done
	# A file that exists but is unusable, such as a half-written one, keeps its previous copy.
	for file in "$copies"/*; do
		name=${file##*/}
		if [ "${present[$name]:-}" = yes ]; then
			unset "gone[$name]"
			continue
		fi
		case $name in
		*_removed | ca.crt | *.ca.crt | *.crl.pem) ;;
		*)
			if [ -n "${copied[$name]:-}" ] && [ -z "${gone[$name]:-}" ]; then
				echo "sallyport: $from/$name is missing; its copy is used for $kept_seconds s; restore the file" >&2
				gone[$name]=$SECONDS
			fi
			[ $((SECONDS - ${gone[$name]:--$kept_seconds})) -ge "$kept_seconds" ] || continue
			unset "gone[$name]"
			;;
		esac
		rm -f -- "$file"
		unset "copied[$name]"
	done
}

# shellcheck source=/dev/null
[ ! -r "$known" ] || [ "$1" = once ] || . "$known"
refresh
[ "$1" = follow ] || { declare -p copied >"$known" && exit 0; }
# `sleep` would start a process every two seconds.
exec {silent}<> <(:)
while :; do
	read -r -t 2 -u "$silent" || :
	refresh
done
