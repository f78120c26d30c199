#!/bin/sh
# Makes certificates for the tunnels between Docker hosts: docs/how-to/several-hosts.md.
#
#   certificates.sh DIRECTORY NAME...
#
# Creates DIRECTORY/ca.crt and ca.key unless they exist, and a new NAME.crt and NAME.key for each name: `renderer` for the
# host of the renderer, and the names that the agents have (`--host`) for the other hosts. Certificates are valid for 825
# days: run the script again before. Keep ca.key off the Docker hosts: with it, a certificate can be made for any host.
# Needs openssl 1.1.1 or newer. Undo: remove DIRECTORY.
set -eu
umask 077

directory=$1
shift
mkdir -p "$directory"
cd "$directory"

if [ ! -e ca.key ]; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Sallyport tunnels" \
		-addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
		-keyout ca.key -out ca.crt
	chmod 644 ca.crt
fi

for name in "$@"; do
	case $name in
	'' | *[!A-Za-z0-9.-]*)
		echo "$name: not a name of letters, digits, dots and dashes" >&2
		exit 2
		;;
	esac
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
	printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:%s\n' \
		"$name" >"$name.ext"
	openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 825 -extfile "$name.ext" -out "$name.crt"
	rm "$name.csr" "$name.ext"
	chmod 644 "$name.crt"
done
