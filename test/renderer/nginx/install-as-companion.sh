#!/usr/bin/env bash
# A dehydrated hook that installs a certificate below $CERTIFICATES as acme-companion does: a directory with the files,
# and links for each name. Renewal rewrites the files and keeps the links.
set -euo pipefail
[[ $1 == deploy_cert ]] || exit 0
domain=$2 key=$3 certificate=$4 fullchain=$5 chain=$6

cd "$CERTIFICATES"
mkdir -p "$domain"
cat "$key" >"$domain/key.pem"
cat "$chain" >"$domain/chain.pem"
cat "$certificate" >"$domain/cert.pem"
cat "$fullchain" >"$domain/fullchain.pem"

# link TARGET NAME: creates the link unless it exists.
link() {
	[[ $(readlink "$2") == "$1" ]] || ln -sf "$1" "$2"
}

names=$(openssl x509 -in "$domain/cert.pem" -noout -ext subjectAltName | grep -o 'DNS:[^, ]*' | cut -d: -f2)
for name in $names; do
	link "./$domain/fullchain.pem" "$name.crt"
	link "./$domain/key.pem" "$name.key"
	link "./$domain/chain.pem" "$name.chain.pem"
	[[ ! -f dhparam.pem ]] || link ./dhparam.pem "$name.dhparam.pem"
done
