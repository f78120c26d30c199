#!/bin/sh
# Replaces /usr/sbin/nginx in an image by the program of test/lab/current-nginx.sh, whose directory is mounted at
# /opt/current-nginx. The program was built with other default paths.
exec /opt/current-nginx/nginx -p /etc/nginx/ -e stderr -c /etc/nginx/nginx.conf "$@"
