#!/bin/bash
# First process of the self-contained image: starts and supervises agent, renderer and nginx, and the ACME client if the
# operator wants one, each as its own user.
#
# It runs as root to prepare directories and users, and reads no data of containers or clients. If nginx exits, the
# container exits. If another one exits, it is restarted while nginx keeps serving. SIGTERM and SIGINT stop
# everything; SIGQUIT lets nginx finish its requests first; SIGHUP makes the renderer read its files again and reloads nginx.
#   SALLYPORT_ACME=on           gets certificates for containers that request them
#   SALLYPORT_NGINX=separate    nginx runs in another container, found by its label and reloaded through the channel
#   start.sh COMMAND…           runs the command instead
set -u
umask 022

# User ids, the same as in the separate images.
agent=65532 renderer=65533 acme=65530 nginx=101
run=/run/sallyport
conf=/etc/nginx/conf.d
acme_state=/var/lib/sallyport/acme
# Maximum delay before a restart in seconds. The delay starts at one, doubles, and is reset after a minute of work.
max_delay=30
EX_CONFIG=78
# nginx's end of the reload channel. With `check` it prints why nginx must not read its files.
channel=(/opt/sallyport/as-nginx "SALLYPORT_CHANNEL=$run/reload" SALLYPORT_PID_FILE=/run/nginx/nginx.pid
	"SALLYPORT_DIRECTIVES=${SALLYPORT_DIRECTIVES:-}" "SALLYPORT_PATHS=${SALLYPORT_PATHS:-}" "SALLYPORT_OLD_WORKERS=${SALLYPORT_OLD_WORKERS:-32}"
	/opt/sallyport/reload.sh)
ending="" is_ready="" nginx_group="" socket_problem=""

log() {
	echo "sallyport: $*" >&2
}

fail() {
	log "$*"
	exit "$EX_CONFIG"
}

# Sets the socket's path, and the group of nginx: a group with access to the socket would give nginx that access. Returns 1
# and sets socket_problem if the agent cannot use the socket.
find_socket() {
	local host=${DOCKER_HOST:-unix:///tmp/docker.sock} group="" owner=""
	socket_problem=""
	case $host in
	unix:///*) socket=${host#unix://} ;;
	*) socket_problem="DOCKER_HOST is \"${host:0:64}\": only unix:///PATH is supported; mount the Docker socket at PATH" ;;
	esac
	[ -n "$socket_problem" ] || socket_problem=$(problem_of "$socket")
	[ -n "$socket_problem" ] || read -r owner group < <(stat -L -c "%u %g" "$socket")
	case $owner in 101 | 65530 | 65533) socket_problem="the owner of the Docker socket has the user id of nginx, the renderer or the ACME client; change the owner" ;; esac
	case $group in 65530 | 65531 | 65532 | 65533) socket_problem="the group of the Docker socket has the reserved id $group; change the group" ;; esac
	[ -z "$group" ] || [ "$group" != "$nginx_group" ] || socket_problem="the group of the Docker socket has the id $group, which nginx uses since the start; restart the container"
	# While the socket is unknown, nginx uses a group that no socket may have.
	[ -n "$nginx_group" ] || case ${group:-101} in 101) nginx_group=65531 ;; *) nginx_group=101 ;; esac
	[ -z "$socket_problem" ] || return 1
	if as "$nginx" "$nginx_group" test -w "$socket"; then
		log "WARNING: every user may write to $socket, also nginx; restrict it to its group (chmod 0660)"
	fi
}

# PATH: prints why it is not a socket, and what to do.
problem_of() {
	local kind
	kind=$(LC_ALL=C stat -L -c %F -- "$1" 2>&1)
	case $kind in
	socket) ;;
	directory) echo "$1 is a directory, not a socket: Docker creates one if the mounted path does not exist on the Docker host; remove it there, start Docker, and re-create this container with -v /var/run/docker.sock:$1:ro" ;;
	*"No such file"*) echo "$1 does not exist; mount the Docker socket there (-v /var/run/docker.sock:$1:ro)" ;;
	*"denied"*) echo "access to $1 is denied; with SELinux, add \`security_opt: [label=type:container_runtime_t]\` to this container, otherwise do not drop the capability DAC_OVERRIDE" ;;
	*) echo "$1 is not a socket but a ${kind:0:64}; mount the Docker socket there (-v /var/run/docker.sock:$1:ro)" ;;
	esac
}

# USER GROUP COMMAND…: runs it with this one group, without capabilities, and with no way to gain privileges.
as() {
	local user=$1 group=$2
	shift 2
	setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs "$@"
}

# USER:GROUP MODE DIRECTORY: sets the mode while root owns it, because root may lack CAP_FOWNER. No-op if already set.
give() {
	mkdir -p "$3"
	[ "$(stat -c %u:%g:0%a "$3")" = "$1:$2" ] || { chown 0:0 "$3" && chmod "$2" "$3" && chown "$1" "$3"; } ||
		fail "cannot change the owner of $3 to user ${1%:*}; mount it writable"
}

# Prepares the directories that one process writes and another one reads.
lay_out() {
	give 0:0 0755 "$run"
	give 0:0 0755 "$run/certificates"
	give "$agent:$agent" 02710 "$run/agent"
	give "$agent:$agent" 0750 /var/lib/sallyport/audit
	give "$renderer:$renderer" 0750 "$run/renderer"
	give "$nginx:$renderer" 0750 "$run/reload"
	if [ -n "$is_acme" ]; then
		# The client knows only the list of wanted certificates, which the renderer writes.
		give "$renderer:$acme" 0750 "$run/acme"
		give "$acme:$acme" 0755 "$run/challenges"
		give "$acme:$acme" 0700 "$acme_state"
		[ "$(stat -c %m "$acme_state")" != / ] ||
			log "WARNING: $acme_state is not a volume, so certificates and account keys are lost with this container, and authorities limit new ones; mount a volume there"
	fi
	give "$nginx:$nginx" 0700 /var/cache/nginx
	# Directories only: a link to one of root's files must not change that file's owner.
	find /var/cache/nginx -type d ! -uid "$nginx" -exec chown "$nginx:$nginx" {} + ||
		log "WARNING: nginx cannot write to all directories in /var/cache/nginx; give them to user $nginx"
	# nginx-proxy's logs belong to root. Change them before the directory belongs to nginx, not after.
	[ "$(stat -c %u /var/log/nginx)" = "$nginx" ] || chown -h "$nginx:$nginx" /var/log/nginx/* 2>/dev/null
	give "$nginx:$nginx" 0755 /var/log/nginx
	give "$renderer:$renderer" 0755 "$conf"
	# nginx removes its file at a stop, so its directory is nginx's own. The link is for configurations and scripts that use
	# the path of nginx-proxy's image.
	give "$nginx:$nginx" 0755 /run/nginx
	ln -sfn nginx/nginx.pid /run/nginx.pid
	echo "$nginx_group" >"$run/nginx-group"
}

# Creates the renderer's configuration from the environment unless the operator mounted one: then the file exists although
# none was created.
configure() {
	local configuration=$run/renderer.yml marker=$run/renderer.yml-is-made args=(import nginx-proxy)
	[ -z "$is_separate" ] || args+=(--separate)
	if [ -e "$configuration" ] && [ ! -e "$marker" ]; then
		log "using the mounted configuration"
	else
		: >"$marker"
		sallyport-renderer "${args[@]}" >"$configuration"
		# 1: some settings were ignored and reported.
		[ $? -le 1 ] || exit "$EX_CONFIG"
	fi
	sallyport-renderer "${args[@]}" --policy >"$run/policy.json" || exit "$EX_CONFIG"
}

# Replaces or removes generated files that nginx would reject, or that contain what Sallyport does not generate, so that nginx
# can start: default.conf may come from nginx-proxy or name files that no longer exist. The directory belongs to the renderer,
# so files in it are changed as the renderer.
repair_live() {
	local message file live=$conf/default.conf last_good=$conf/.sallyport/last-good/default.conf
	while ! message=$("${channel[@]}" check 2>&1); do
		message=${message##*"[emerg] "}
		message=${message%%$'\n'*}
		case $message in
		"$live:"* | *duplicate* | *" in $live:"*) ;;
		"$conf"/*.conf:*)
			# The renderer's user wrote a file next to default.conf that Sallyport does not generate.
			file=${message%%.conf:*}.conf
			in_conf mv -f -- "$file" "$file.refused" 2>/dev/null || fail "$message; remove this file"
			log "$message; the file is renamed to ${file##*/}.refused"
			continue
			;;
		# A file of the operator is invalid; nginx reports it.
		*" in $conf/"* | *" in /etc/nginx/toplevel.conf.d/"*) return ;;
		esac
		[ -e "$live" ] || [ -L "$live" ] || return
		if in_conf cp -f "$last_good" "$live" 2>/dev/null && "${channel[@]}" check >/dev/null 2>&1; then
			log "default.conf was rejected; restored the last valid one: $message"
		else
			log "default.conf was rejected and removed: $message"
			in_conf rm -f "$live" || return
		fi
	done
}

# The renderer compares the agent's audit trail with the one it saw before. Without a volume, a new container has a new trail.
accept_new_trail() {
	local started=/var/lib/sallyport/started
	[ -e "$started" ] || [ "$(stat -c %m /var/lib/sallyport/audit)" != / ] ||
		in_conf find "$conf/.sallyport/agents" -name "checkpoint-*.json" -delete 2>/dev/null
	: 2>/dev/null >"$started"
}

in_conf() {
	as "$renderer" "$renderer" "$@"
}

declare -A process_of=() pause=() since=()
# The problem of the socket that was logged last.
reported=""

# PROCESS: starts it in the background.
start() {
	case $1 in
	agent)
		if ! find_socket; then
			[ "$socket_problem" = "$reported" ] || log "$socket_problem; until then nginx serves the last configuration"
			reported=$socket_problem
			sleep 2 &
			process_of[$!]=again:agent
			return
		fi
		local policy=$run/policy.json
		[ -f /etc/sallyport/policy.json ] && policy=/etc/sallyport/policy.json
		sallyport-agent serve --docker-socket "$socket" --policy "$policy" --exit-when-refused &
		;;
	renderer) env -i "PATH=$PATH" sallyport-renderer run & ;;
	acme)
		# It keeps the environment, which proxies and hooks for DNS-01 need.
		env SALLYPORT_ACME_WANTED="$run/acme/wanted.json" SALLYPORT_ACME_STATE="$acme_state" SALLYPORT_ACME_OWN=/etc/nginx/certs \
			SALLYPORT_ACME_CERTIFICATES="$acme_state/certificates" SALLYPORT_ACME_CHALLENGES="$run/challenges" \
			setpriv --reuid "$acme" --regid "$acme" --clear-groups --no-new-privs sallyport-acme run &
		;;
	certificates) /opt/sallyport/certificates.sh follow "$nginx_group" & ;;
	reload) "${channel[@]}" wait & ;;
	nginx)
		local args=()
		# A main configuration written for nginx-proxy may set it, and nginx rejects a second one.
		grep -q '^[[:space:]]*daemon[[:space:]]' /etc/nginx/nginx.conf || args=(-g "daemon off;")
		# glibc keeps up to 4 MiB of free memory, so that nginx reads its configuration in half the time.
		/opt/sallyport/as-nginx MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=4194304 /opt/sallyport/nginx "${args[@]}" &
		;;
	announcement) announce & ;;
	esac
	process_of[$!]=$1
	since[$1]=$SECONDS
}

# Waits for the renderer's first file, which has no routes. Returns if a process exits: its exit code may stop everything.
wait_for_configuration() {
	local tenths pid
	for ((tenths = 0; tenths < 100; tenths++)); do
		if [ -e "$conf/default.conf" ] || [ -n "$ending" ]; then return; fi
		for pid in "${!process_of[@]}"; do kill -0 "$pid" 2>/dev/null || return; done
		sleep 0.1
	done
}

# Prints docker-gen's message, which scripts wait for, once nginx serves what Docker runs.
announce() {
	local state="" tenths=3
	until [[ $state == *'"docker":"connected"'* && $state == *'"pending":false'* && $state == *'"sha256"'* ]]; do
		sleep "$((tenths / 10)).$((tenths % 10))"
		# Polls less often over time: each poll starts a process.
		tenths=$((tenths < 50 ? tenths + 2 : tenths))
		state=$(sallyport-renderer status --json 2>/dev/null | tr -d '[:space:]')
	done
	echo "Watching docker events"
}

# PROCESS CODE: restarts it after a delay.
restart_later() {
	local wait=${pause[$1]:-1}
	((SECONDS - since[$1] < 60)) || wait=1
	log "$1 exited with code $2; restarting in $wait s, nginx keeps serving"
	pause[$1]=$((wait * 2 < max_delay ? wait * 2 : max_delay))
	sleep "$wait" &
	process_of[$!]=again:$1
}

# SIGNAL for nginx: stops everything. The agent stops after the renderer, which would report its absence.
stop() {
	local pid
	trap '' TERM INT QUIT HUP
	for pid in "${!process_of[@]}"; do
		case ${process_of[$pid]} in
		nginx) kill "-$1" "$pid" 2>/dev/null ;;
		agent) ;;
		*) kill -TERM "$pid" 2>/dev/null ;;
		esac
	done
	wait_for renderer
	for pid in "${!process_of[@]}"; do [ "${process_of[$pid]}" != agent ] || kill -TERM "$pid" 2>/dev/null; done
	wait
}

# PROCESS: waits until it ends.
wait_for() {
	local pid
	for pid in "${!process_of[@]}"; do [ "${process_of[$pid]}" != "$1" ] || wait "$pid"; done
}

# Makes the renderer read its files again, the ACME client retry what failed, and nginx everything that is not generated.
reload_all() {
	local pid message
	for pid in "${!process_of[@]}"; do
		case ${process_of[$pid]} in
		renderer | acme) kill -HUP "$pid" ;;
		nginx) if message=$("${channel[@]}" check 2>&1); then kill -HUP "$pid"; else log "nginx is not reloaded: ${message%%$'\n'*}"; fi ;;
		esac
	done
}

# Names the volumes that nginx in another container needs.
report_missing_volumes() {
	local directory
	for directory in "$conf" "$run/reload"; do
		[ "$(stat -c %m "$directory")" = / ] || continue
		log "WARNING: $directory is not a volume; SALLYPORT_NGINX=separate needs the same volume there in this container and in nginx's (docs/how-to/separate-nginx.md)"
	done
}

supervise() {
	local pid code part
	while :; do
		wait -n -p pid
		code=$?
		[ -z "$ending" ] || { stop "$ending"; exit 0; }
		[ -n "${pid:-}" ] || continue
		part=${process_of[$pid]:-}
		unset "process_of[$pid]"
		case $part in
		nginx) log "nginx exited with code $code"; stop TERM; exit $((code == 0 ? 1 : code)) ;;
		announcement) is_ready=yes ;;
		again:*) start "${part#again:}" ;;
		?*)
			if [ "$code" = "$EX_CONFIG" ] && [ -z "$is_ready" ] && [ "$part:$has_live" != agent:yes ]; then
				stop TERM
				exit "$EX_CONFIG"
			fi
			restart_later "$part" "$code"
			;;
		esac
	done
}

# CONTAINER: compares nginx-proxy in this container with what Sallyport would do, and exits. Changes nothing that is mounted.
rehearse() {
	local code tenths own
	find_socket || fail "$socket_problem"
	give 0:0 0755 "$run"
	give 0:0 0755 "$run/certificates"
	give "$agent:$agent" 02710 "$run/agent"
	give "$agent:$agent" 0750 /var/lib/sallyport/audit
	/opt/sallyport/certificates.sh once "$nginx_group"
	sallyport-renderer import nginx-proxy --policy >"$run/policy.json" || exit "$EX_CONFIG"
	sallyport-agent serve --docker-socket "$socket" --policy "$run/policy.json" --exit-when-refused >"$run/agent.log" 2>&1 &
	for ((tenths = 0; tenths < 100; tenths++)); do
		[ ! -S "$run/agent/rpc.sock" ] || break
		kill -0 "$!" 2>/dev/null || break
		sleep 0.1
	done
	[ -S "$run/agent/rpc.sock" ] || { cat "$run/agent.log" >&2 && exit 1; }
	SALLYPORT_REJECTED_CERTIFICATES=$(rejected_certificates) sallyport-renderer import nginx-proxy --rehearse "$1"
	code=$?
	# nginx-proxy's generated file is not part of the new configuration.
	own=$(nginx_message) || { echo "nginx rejects your own files: ${own%%$'\n'*}" && code=1; }
	exit "$code"
}

# Prints the names of certificates that nginx rejects, such as those with the key of another one. Only nginx may read keys.
rejected_certificates() {
	local file kind paths=""
	for kind in client_body proxy fastcgi uwsgi scgi; do paths="$paths ${kind}_temp_path /tmp/rehearsal;"; done
	for file in "$run"/certificates/*.crt; do
		[ -e "${file%.crt}.key" ] || continue
		try_nginx "events {} http { $paths access_log off; server { listen 65535 ssl; ssl_certificate \"$file\"; ssl_certificate_key \"${file%.crt}.key\"; } }" \
			>/dev/null || basename "$file" .crt
	done
}

# TEXT: prints why nginx rejects this configuration.
try_nginx() {
	mkdir -p "$run/rehearsal"
	echo "error_log /dev/stderr; pid /tmp/rehearsal.pid; $1" >"$run/rehearsal/nginx.conf"
	/opt/sallyport/as-nginx /opt/sallyport/nginx -t -q -c "$run/rehearsal/nginx.conf" 2>&1
}

# Prints why nginx rejects the operator's files.
nginx_message() {
	local file files=""
	for file in "$conf"/*.conf; do
		case $file in "$conf/default.conf" | "$conf/*.conf") ;; *) files="$files include $file;" ;; esac
	done
	give "$nginx:$nginx" 0755 /run/nginx
	try_nginx "$(sed -e "s#include[[:space:]]*$conf/\*\.conf;#$files#" -e "s#include \([^/]\)#include /etc/nginx/\1#" -e "/^\(error_log\|pid\) /d" /etc/nginx/nginx.conf)"
}

case ${1:-} in
"" | forego) ;;
rehearse) rehearse "${2:?the name of nginx-proxy is missing}" ;;
*) exec "$@" ;;
esac
case ${SALLYPORT_NGINX:-here} in
here) is_separate="" ;;
separate) is_separate=yes ;;
*) fail "SALLYPORT_NGINX is \"${SALLYPORT_NGINX:0:64}\": must be here or separate" ;;
esac
case ${SALLYPORT_ACME:-} in 1 | [tT] | [tT][rR][uU][eE] | [yY][eE][sS] | [oO][nN]) is_acme=yes ;; *) is_acme="" ;; esac
# The background process wakes up supervise even if the signal arrives just before it waits.
trap 'ending=TERM; : &' TERM INT
trap 'ending=QUIT; : &' QUIT
trap reload_all HUP
ulimit -c 0

[ "$(id -u)" = 0 ] || fail "the container must be started as root, to run each process as its own user"
# With a configuration of an earlier start nginx serves even if the agent cannot use Docker.
[ -s "$conf/default.conf" ] && has_live=yes || has_live=""
find_socket || [ -n "$has_live" ] || fail "$socket_problem"
lay_out
accept_new_trail
configure
/opt/sallyport/certificates.sh once "$nginx_group"
if [ -z "$is_separate" ]; then repair_live; else report_missing_volumes; fi
# The channel is open before the renderer uses it.
[ -n "$is_separate" ] || start reload
for part in agent renderer certificates ${is_acme:+acme} announcement; do start "$part"; done
if [ -z "$is_separate" ]; then
	wait_for_configuration
	start nginx
fi
supervise
