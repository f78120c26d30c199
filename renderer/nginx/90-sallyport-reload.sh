#!/bin/sh
# nginx's end of the reload channel: waits for the renderer's word, tests or reloads, answers with nginx's message.
# The image's entrypoint runs it before nginx starts; it goes into the background. Undo: remove the mount of this file.
# With the word `wait` it stays in the foreground, for a supervisor.
#   $channel/word    FIFO, one word a line: "test TOKEN" or "reload TOKEN"
#   $channel/answer  file: "TOKEN VERB ok" or "TOKEN VERB failed", then nginx's message; "- ready ok" when it begins
set -u
channel=${SALLYPORT_CHANNEL:-/run/sallyport/reload}
main_conf=${SALLYPORT_MAIN_CONF:-/etc/nginx/nginx.conf}
live=${SALLYPORT_LIVE:-/etc/nginx/conf.d}
pid_file=${SALLYPORT_PID_FILE:-/tmp/nginx.pid}
scratch=${SALLYPORT_SCRATCH:-/tmp}
# Tenths of a second that nginx may take to start new workers.
patience=100

# TOKEN VERB OUTCOME MESSAGE: replaces the answer in one step, so that nobody reads half of it.
answer() {
	(umask 022 && printf '%s %s %s\n%.4000s\n' "$1" "$2" "$3" "$4" >"$channel/.answer") && mv -f "$channel/.answer" "$channel/answer"
}

# Process ids of nginx's workers that accept connections. The directory of this channel is open to the renderer's group,
# the process list is not, so what stands there is nginx's own.
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

# PID: its title, empty if it is gone. There is no line end in it, which read counts as a failure.
read_title() {
	title=
	{ read -r title <"/proc/$1/cmdline"; } 2>/dev/null || :
}

# A pid file of an earlier start may name anybody, the entrypoint's shell above all.
is_running() {
	{ read -r master <"$pid_file" && kill -0 "$master"; } 2>/dev/null || return 1
	read_title "$master"
	case $title in "nginx: master process"*) ;; *) return 1 ;; esac
}

# What nginx would include if the candidate were live: other files beside it may clash with it, or it may need them.
includes() {
	for file in "$live"/*.conf "$candidate"/*.conf; do
		name=${file##*/}
		case $name in *[!A-Za-z0-9._-]*) continue ;; esac
		[ "$file" = "$live/$name" ] && [ -e "$candidate/$name" ] && continue
		printf 'include %s; ' "$file"
	done
}

# The main configuration, with the candidate where the live one is included and relative names made absolute.
run_test() {
	candidate=$live/.sallyport/candidate
	if ! grep -q "^[^#]*include[[:space:]]*$live/\*\.conf;" "$main_conf"; then
		message="$main_conf does not include $live/*.conf"
		return 1
	fi
	sed -e "s#include[[:space:]]*$live/\*\.conf;#$(includes)#" \
		-e "s#^\([[:space:]]*include[[:space:]]*\)\([^/;[:space:]]\)#\1${main_conf%/*}/\2#" "$main_conf" >"$scratch/.sallyport-test.conf"
	message=$(nginx -t -q -c "$scratch/.sallyport-test.conf" 2>&1)
}

# A signal that was sent is not a configuration that is live: only new workers are.
run_reload() {
	is_running || { message="nginx does not run" && return 1; }
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
	message="nginx kept its old workers; its log says why"
	return 1
}

serve() {
	until is_running; do sleep 0.1; done
	rm -f "$channel/word"
	mkfifo -m 0622 "$channel/word" || exit 1
	# Held open for reading and writing: waiting ends with a word, never with the end of a file.
	exec 3<>"$channel/word"
	answer - ready ok ""
	while read -r verb token rest <&3; do
		case $token in "" | *[!0-9a-f]*) verb=unknown ;; esac
		message=
		case $verb in
		test | reload) [ -z "$rest" ] && if "run_$verb"; then answer "$token" "$verb" ok "$message"; else answer "$token" "$verb" failed "$message"; fi ;;
		*) echo "sallyport: a word that is not test or reload was ignored" >&2 ;;
		esac
	done
}

[ -d "$channel" ] || { echo "sallyport: $channel is missing: mount the reload volume there" >&2 && exit 1; }
rm -f "$channel/word" "$channel/answer"
if [ "${1:-}" = wait ]; then serve </dev/null; else serve </dev/null & fi
