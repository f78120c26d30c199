#!/bin/sh
# LOG COMMAND…: runs the command that reloads nginx. Exits with 0 when nginx's log reports that it started new workers, and
# with 1 when it reports that a port is in use.
log=$1
shift
before=$(wc -l <"$log")
"$@" || exit 1
while :; do
	case $(tail -n "+$((before + 1))" "$log") in
	*"start worker processes"*) exit 0 ;;
	*"still could not bind"*) echo "nginx cannot bind a port" >&2 && exit 1 ;;
	esac
	sleep 0.05
done
