#!/bin/bash
# Keeps copies of the certificates for nginx, which is not root: keys belong to root where people and ACME clients lay
# them down. Only nginx's user may read a copied key; the renderer reads certificates alone.
#
#   certificates.sh once|follow
#
# Links are followed, for ACME clients lay down links. Looks every two seconds: where the directory is another machine's,
# or of a desktop's virtual one, no event tells of a change.
set -u
from=/etc/nginx/certs
dhparam=/etc/nginx/dhparam/dhparam.pem
copies=/run/sallyport/certificates
# Bytes; what is longer is no certificate.
most=1048576
umask 077
declare -A copied=()

# FILE NAME: copies it if it is another one than before.
copy() {
	local about mode=0444
	about=$(stat -L -c '%F %d %i %s %Y %Z' "$1" 2>/dev/null) || return 0
	[ "${about:0:12}" = "regular file" ] || return 0
	present[$2]=yes
	[ "${copied[$2]:-}" != "$about" ] || return 0
	[ "$(stat -L -c %s "$1")" -le "$most" ] || { echo "sallyport: $1 is longer than $most bytes: not used" >&2; copied[$2]=$about; return 0; }
	case $2 in *.key) mode=0400 ;; esac
	cp --no-preserve=all -- "$1" "$copies/.new" && chown 101:101 "$copies/.new" && chmod "$mode" "$copies/.new" &&
		mv -f -- "$copies/.new" "$copies/$2" && copied[$2]=$about
}

look() {
	local file name
	declare -A present=()
	if [ -f "$dhparam" ] && [ ! -e "$from/dhparam.pem" ]; then copy "$dhparam" dhparam.pem; fi
	for file in "$from"/*; do
		name=${file##*/}
		case $name in
		*[!A-Za-z0-9._-]*) ;;
		*.crt | *.key | *.pem) copy "$file" "$name" ;;
		esac
	done
	for file in "$copies"/*; do
		name=${file##*/}
		[ "${present[$name]:-}" = yes ] && continue
		rm -f -- "$copies/$name"
		unset "copied[$name]"
	done
}

look
[ "$1" = follow ] || exit 0
# In the shell itself: `sleep` would be a process every two seconds.
exec {never}<> <(:)
while :; do
	read -r -t 2 -u "$never" || :
	look
done
