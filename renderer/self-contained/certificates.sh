#!/bin/bash
# Keeps copies of the certificates for nginx, which is not root: keys belong to root where people and ACME clients lay
# them down. Only nginx's group may read a copied key; the renderer reads certificates alone. Nobody may change a copy.
#
#   certificates.sh once|follow GROUP
#
# Links are followed, for ACME clients lay down links. Looks every two seconds: where the directory is another machine's,
# or of a desktop's virtual one, no event tells of a change.
set -u
group=$2
from=/etc/nginx/certs
dhparam=/etc/nginx/dhparam/dhparam.pem
copies=/run/sallyport/certificates
# Bytes; what is longer is no certificate.
most=1048576
# What the file was that each copy was made of; the second call takes it over from the first.
known=/run/sallyport/copied
declare -A copied=()

# FILE NAME: in one step. Nothing but PEM, and no key but that of a key's file: a link may lead to any file of root's.
copy() {
	local mask=0222 keep="/^-----BEGIN /,/^-----END /p"
	case $2 in
	*.key) mask=0337 ;;
	*) keep="/^-----BEGIN .*PRIVATE KEY-----/,/^-----END .*PRIVATE KEY-----/d; $keep" ;;
	esac
	local new=$copies/.new$mask
	umask "$mask"
	sed -n "$keep" -- "$1" >"$new"
	if [ ! -s "$new" ]; then
		echo "sallyport: $1 holds nothing in PEM that belongs there: not used" >&2
		return
	fi
	{ [ "$mask" = 0222 ] || chgrp "$group" "$new"; } && mv -f -- "$new" "$copies/$2"
}

look() {
	local kind size about file name
	declare -A present=()
	while IFS="|" read -r -d "" kind size about file; do
		name=${file##*/}
		case $name in *[!A-Za-z0-9._-]*) continue ;; esac
		if [[ $kind != regular* ]] || { [ "$file" = "$dhparam" ] && [ -e "$from/dhparam.pem" ]; }; then continue; fi
		present[$name]=yes
		[ "${copied[$name]:-}" != "$size $about" ] || continue
		if [ "$size" -gt "$most" ]; then
			echo "sallyport: $file is longer than $most bytes: not used" >&2
		elif ! copy "$file" "$name"; then
			continue
		fi
		copied[$name]="$size $about"
	done < <(stat -L --printf '%F|%s|%d %i %y %z|%n\0' -- "$dhparam" "$from"/*.{crt,key,pem} 2>/dev/null)
	# A file that is there but cannot be used, half written perhaps, costs nobody the copy of what it was.
	for file in "$copies"/*; do
		name=${file##*/}
		[ "${present[$name]:-}" = yes ] && continue
		rm -f -- "$file"
		unset "copied[$name]"
	done
}

# shellcheck source=/dev/null
[ ! -r "$known" ] || [ "$1" = once ] || . "$known"
look
[ "$1" = follow ] || { declare -p copied >"$known" && exit 0; }
# In the shell itself: `sleep` would be a process every two seconds.
exec {never}<> <(:)
while :; do
	read -r -t 2 -u "$never" || :
	look
done
