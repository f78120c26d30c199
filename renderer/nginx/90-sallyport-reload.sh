#!/bin/sh
# nginx's end of the reload channel: reads the renderer's requests, tests or reloads, and writes nginx's message as answer.
# The image's entrypoint runs it before nginx starts; it continues in the background. Undo: remove the mount of this file.
# Requests are answered before nginx runs, and nginx starts as soon as it accepts the live configuration.
# With the argument `wait` it stays in the foreground, for a supervisor.
#   $channel/word    FIFO, one request a line: "test TOKEN" or "reload TOKEN"
#   $channel/answer  file: "TOKEN VERB OUTCOME", then nginx's message. OUTCOME: ok, failed, or absent (nginx does not run)
#   $channel/ready   file: "START STATE CONTAINER", then nginx's message. START: a name for this start. STATE: starting, ok
#                    (nginx runs) or failed (nginx rejects the live configuration). CONTAINER: nginx's id, - if unknown
set -u
channel=${SALLYPORT_CHANNEL:-/run/sallyport/reload}
main_conf=${SALLYPORT_MAIN_CONF:-/etc/nginx/nginx.conf}
live=${SALLYPORT_LIVE:-/etc/nginx/conf.d}
pid_file=${SALLYPORT_PID_FILE:-/tmp/nginx.pid}
scratch=${SALLYPORT_SCRATCH:-/tmp}
# Maximum time for nginx to start new workers, in tenths of a second.
patience=100
# Exit code of a request that cannot be served before nginx runs.
absent=2

# FILE LINE MESSAGE: replaces a file of the channel atomically, so that it is never read half-written.
put() {
	(umask 022 && printf '%s\n%.4000s\n' "$2" "$3" >"$channel/.$1") && mv -f "$channel/.$1" "$channel/$1"
}

# STATE MESSAGE
announce() {
	put ready "$start $1 $container" "$2"
}

# Prints the id of this container: Docker and Podman mount files from a directory named by it. The default hostname is its
# beginning.
identify() {
	id=$(sed -n 's#^.*/\([0-9a-f]\{64\}\)/\(userdata/\)*[a-z.]* /etc/[a-z.]* .*$#\1#p' /proc/self/mountinfo)
	read -r name </proc/sys/kernel/hostname
	case $name in *[!0-9a-f]* | ????????????*?) name= ;; ????????????) ;; *) name= ;; esac
	id=${id%%[!0-9a-f]*}
	id=${id:-$name}
	echo "${id:--}"
}

# Prints the process ids of nginx's workers that accept connections. The renderer's group can write to the channel but
# not to /proc, so this list can be trusted.
workers() {
	for process in /proc/[0-9]*; do
		{ read -r pid _ _ parent _ <"$process/stat"; } 2>/dev/null || continue
		[ "$parent" = "$master" ] || continue
		read_title "$pid"
		case $title in
		*"is shutting down"*) ;;
		"nginx: worker process"*) printf ' %s ' "$pid" ;;
		esac
	done
}

# PID: sets the process title, empty if the process is gone. The file has no newline, so read returns an error.
read_title() {
	title=
	{ read -r title <"/proc/$1/cmdline"; } 2>/dev/null || :
}

# A stale pid file may name any process, such as the entrypoint's shell.
is_running() {
	{ read -r master <"$pid_file" && kill -0 "$master"; } 2>/dev/null || return 1
	read_title "$master"
	case $title in "nginx: master process"*) ;; *) return 1 ;; esac
}

# Prints what nginx would include if the candidate were live: other files may conflict with it or may be needed by it.
includes() {
	for file in "$live"/*.conf "$candidate"/*.conf; do
		name=${file##*/}
		case $name in *[!A-Za-z0-9._-]*) continue ;; esac
		[ "$file" = "$live/$name" ] && [ -e "$candidate/$name" ] && continue
		printf 'include %s; ' "$file"
	done
}

# Tests the main configuration with the candidate in place of the live file and with relative names made absolute. The
# directory is new and private: other users may write to $scratch, and nginx would load the module that a file names.
run_test() {
	candidate=$live/.sallyport/candidate
	if ! grep -q "^[^#]*include[[:space:]]*$live/\*\.conf;" "$main_conf"; then
		message="$main_conf does not include $live/*.conf"
		return 1
	fi
	own=$(mktemp -d "$scratch/sallyport.XXXXXX" 2>&1) || { message="cannot write to $scratch: $own" && return 1; }
	message=$(test_in "$own" 2>&1)
	outcome=$?
	rm -rf "$own"
	return "$outcome"
}

# DIRECTORY: a file that cannot be written completely is not tested. nginx's message names the main configuration.
test_in() {
	sed -e "s#include[[:space:]]*$live/\*\.conf;#$(includes)#" \
		-e "s#^\([[:space:]]*include[[:space:]]*\)\([^/;[:space:]]\)#\1${main_conf%/*}/\2#" "$main_conf" >"$1/nginx.conf" || return 1
	nginx -t -q -c "$1/nginx.conf" >"$1/message" 2>&1
	outcome=$?
	sed "s#$1/nginx.conf#$main_conf#g" "$1/message"
	return "$outcome"
}

# nginx accepts a signal even if it rejects the configuration: only new workers prove that it is live.
run_reload() {
	is_running || {
		run_start
		return
	}
	before=$(workers)
	message=$(kill -HUP "$master" 2>&1) || return 1
	tenths=0
	while [ "$tenths" -lt "$patience" ]; do
		accepting=$(workers)
		old=no
		for pid in $accepting; do
			case $before in *" $pid "*) old=yes ;; esac
		done
		[ -n "$accepting" ] && [ "$old" = no ] && return 0
		sleep 0.1
		tenths=$((tenths + 1))
	done
	message="nginx kept its old workers; see nginx's log"
	return 1
}

# Waits for nginx, which starts as soon as it accepts its configuration.
run_start() {
	message=$(nginx -t -q -c "$main_conf" 2>&1) || return 1
	tenths=0
	while [ "$tenths" -lt "$patience" ]; do
		is_running && [ -n "$(workers)" ] && return 0
		sleep 0.1
		tenths=$((tenths + 1))
	done
	message="nginx is not running"
	return "$absent"
}

serve() {
	(until is_running; do sleep 0.1; done; announce ok "") 3>&- &
	while read -r verb token rest <&3; do
		case $token in "" | *[!0-9a-f]*) verb=unknown ;; esac
		message=
		case $verb in
		test | reload)
			[ -z "$rest" ] || continue
			"run_$verb"
			case $? in 0) outcome=ok ;; "$absent") outcome=absent ;; *) outcome=failed ;; esac
			put answer "$token $verb $outcome" "$message"
			;;
		*) echo "sallyport: ignored a request that is neither test nor reload" >&2 ;;
		esac
	done
}

# Keeps nginx from starting with a configuration that it rejects: the container would end, and with it the channel through
# which the renderer can repair the configuration.
await_valid_configuration() {
	message=$(nginx -t -q -c "$main_conf" 2>&1) && return
	announce failed "$message"
	echo "sallyport: nginx rejects its configuration and starts when it is repaired: $message" >&2
	until nginx -t -q -c "$main_conf" 2>/dev/null; do sleep 1; done
}

[ -d "$channel" ] || { echo "sallyport: $channel is missing; mount the reload volume there" >&2 && exit 1; }
rm -f "$channel/word" "$channel/answer" "$channel/ready"
read -r start </proc/sys/kernel/random/uuid
container=$(identify)
mkfifo -m 0622 "$channel/word" || exit 1
# Open for reading and writing, so that read waits for a request and never sees the end of the file.
exec 3<>"$channel/word"
announce starting ""
if [ "${1:-}" = wait ]; then
	serve </dev/null
else
	serve </dev/null &
	await_valid_configuration
fi
