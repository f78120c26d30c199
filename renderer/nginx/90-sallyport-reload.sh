#!/bin/sh
# nginx's end of the reload channel: reads the renderer's requests, tests or reloads, and writes nginx's message as answer.
# The image's entrypoint runs it before nginx starts; it continues in the background. Undo: remove the mount of this file.
# Requests are answered before nginx runs, and nginx starts as soon as it accepts the live configuration.
# With the argument `wait` it stays in the foreground, for a supervisor. With `check` it prints why nginx must not read the
# live configuration, and serves no requests; exit code 0 if it may.
#   $channel/word    FIFO, one request a line: "test TOKEN", "test-stream TOKEN" or "reload TOKEN"
#   $channel/answer  file: "TOKEN VERB OUTCOME", then nginx's message. OUTCOME: ok, failed, or absent (nginx does not run)
#   $channel/ready   file: "START STATE CONTAINER VERSION", then nginx's message. START: a name for this start. STATE:
#                    starting, ok (nginx runs) or failed (nginx rejects the live configuration). CONTAINER: nginx's id, and
#                    VERSION: nginx's version, - if unknown
set -u
umask 022
# NAME VALUE DEFAULT: prints the value, or the default if it is not a number.
number() {
	case $2 in
	'' | *[!0-9]* | ???????*)
		[ -z "$2" ] || printf 'sallyport: %s is "%.64s": must be a number up to 999999; using %s\n' "$1" "$2" "$3" >&2
		echo "$3"
		;;
	*) echo "$2" ;;
	esac
}
channel=${SALLYPORT_CHANNEL:-/run/sallyport/reload}
main_conf=${SALLYPORT_MAIN_CONF:-/etc/nginx/nginx.conf}
live=${SALLYPORT_LIVE:-/etc/nginx/conf.d}
pid_file=${SALLYPORT_PID_FILE:-/tmp/nginx.pid}
scratch=${SALLYPORT_SCRATCH:-/tmp}
# Maximum time for nginx to start new workers, in seconds.
patience=10
# Maximum time for nginx to read a configuration, in seconds: a FIFO in place of an included file would block it.
test_seconds=$(number SALLYPORT_TEST_SECONDS "${SALLYPORT_TEST_SECONDS:-}" 25)
# Workers that may still serve connections from before a reload, so that their memory is bounded. More end, the oldest first.
max_old=$(number SALLYPORT_OLD_WORKERS "${SALLYPORT_OLD_WORKERS:-}" 32)
# Directives of generated files, besides those in $SALLYPORT_DIRECTIVES. With `any`, no file is read for its directives.
directives="absolute_redirect access_log add_header add_header_inherit alias allow auth_basic auth_basic_user_file auth_request auth_request_set charset client_body_timeout client_header_timeout client_max_body_size default_type deny disable_symlinks error_page fastcgi_buffer_size fastcgi_buffering fastcgi_buffers fastcgi_connect_timeout fastcgi_hide_header fastcgi_index fastcgi_keep_conn fastcgi_max_temp_file_size fastcgi_next_upstream fastcgi_next_upstream_timeout fastcgi_next_upstream_tries fastcgi_param fastcgi_pass fastcgi_read_timeout fastcgi_request_buffering fastcgi_send_timeout fastcgi_split_path_info geo grpc_buffer_size grpc_connect_timeout grpc_hide_header grpc_next_upstream grpc_next_upstream_timeout grpc_next_upstream_tries grpc_pass grpc_read_timeout grpc_send_timeout grpc_set_header grpc_ssl_certificate grpc_ssl_certificate_key grpc_ssl_name grpc_ssl_server_name grpc_ssl_trusted_certificate grpc_ssl_verify grpc_ssl_verify_depth gzip gzip_proxied gzip_types gzip_vary hash http2 http3 if include index internal ip_hash keepalive keepalive_timeout large_client_header_buffers least_conn limit_conn limit_conn_status limit_conn_zone limit_req limit_req_status limit_req_zone listen location log_format map proxy_buffer_size proxy_buffering proxy_buffers proxy_cache proxy_connect_timeout proxy_hide_header proxy_http_version proxy_intercept_errors proxy_max_temp_file_size proxy_next_upstream proxy_next_upstream_timeout proxy_next_upstream_tries proxy_pass proxy_pass_request_body proxy_read_timeout proxy_request_buffering proxy_send_timeout proxy_set_header proxy_ssl_certificate proxy_ssl_certificate_key proxy_ssl_name proxy_ssl_server_name proxy_ssl_trusted_certificate proxy_ssl_verify proxy_ssl_verify_depth random real_ip_header real_ip_recursive reset_timedout_connection resolver return root scgi_buffer_size scgi_buffering scgi_buffers scgi_max_temp_file_size scgi_request_buffering server server_name server_names_hash_bucket_size server_names_hash_max_size server_tokens set set_real_ip_from ssi ssi_types ssl_certificate ssl_certificate_key ssl_ciphers ssl_client_certificate ssl_crl ssl_dhparam ssl_prefer_server_ciphers ssl_protocols ssl_reject_handshake ssl_session_cache ssl_session_tickets ssl_session_timeout ssl_stapling ssl_stapling_verify ssl_trusted_certificate ssl_verify_client sticky types upstream uwsgi_buffer_size uwsgi_buffering uwsgi_buffers uwsgi_connect_timeout uwsgi_hide_header uwsgi_max_temp_file_size uwsgi_next_upstream uwsgi_next_upstream_timeout uwsgi_next_upstream_tries uwsgi_param uwsgi_pass uwsgi_read_timeout uwsgi_request_buffering uwsgi_send_timeout variables_hash_max_size zone"
# Directives of generated files *.stream, which nginx includes in its main context.
stream_directives="allow deny hash least_conn limit_conn limit_conn_zone listen map map_hash_bucket_size map_hash_max_size preread_timeout proxy_connect_timeout proxy_next_upstream proxy_next_upstream_timeout proxy_next_upstream_tries proxy_pass proxy_socket_keepalive proxy_timeout random resolver server set_real_ip_from ssl_preread stream upstream zone"
# Files and directories, ending in a slash, that generated files may include and serve, besides those in $SALLYPORT_PATHS.
# `passwords` are those of password files.
paths="/usr/share/nginx/ /var/www/ /etc/nginx/vhost.d/ /etc/nginx/errors/ /etc/nginx/proxy.conf /etc/nginx/network_internal.conf /run/sallyport/challenges/"
passwords="/etc/nginx/htpasswd/"
# Exit code of a request that cannot be served before nginx runs.
absent=2
newline='
'

# Reads generated files as nginx does, and prints the first text that they may not contain. A renderer that an attacker
# controls can write any text: nginx must not read keys, serve its own files or load code because of it.
# shellcheck disable=SC2016 # awk's variables
rules='
function refuse(why) {
	if (!refused) printf "%s: %s\n", position(), why
	refused = 1
	exit 1
}
# Whether the path is one of these, or below one of these that ends in a slash.
function within(path, list,   all, count, i) {
	if (path !~ /^\// || path ~ /(^|\/)\.\.(\/|$)/) return 0
	count = split(list, all, " ")
	for (i = 1; i <= count; i++)
		if (path "/" == all[i] || path == all[i] || (all[i] ~ /\/$/ && index(path, all[i]) == 1)) return 1
	return 0
}
function position() { return (FILENAME in shown ? shown[FILENAME] : FILENAME) ":" FNR }
function is_stream() { return FILENAME ~ /\.stream$/ }
function is_known(name) { return is_stream() ? (name in known_stream) : (name in known) }
# Whether nginx connects to the container that this text names. Other spellings of an address are names for nginx, which
# the resolver reads as any address.
function is_address(text) {
	if (sub(/:[0-9]+$/, "", text) && text ~ /^\[[0-9a-f:]+\]$/) return text !~ /^\[(fe[89ab][0-9a-f]:|(0*:)+ffff:)/
	return text ~ /^((0|[1-9][0-9]*)\.)+(0|[1-9][0-9]*)$/ && gsub(/\./, ".", text) == 3 && text !~ /^169\.254\./
}
# `all` has every word of the directive.
function directive(name, value, all) {
	# A quoted * stands for itself.
	if (name == "include" && gsub(/\\\*/, "", value) >= 0 && value ~ /[*?\[\\]/) refuse("this file name is a pattern")
	if (name == "include" && !within(value, paths)) refuse("this file may not be included; add its directory to SALLYPORT_PATHS")
	if (name == "include" && is_stream()) refuse("this file may not be included in the main context")
	# The names of a map are server names of TLS, and its values upstreams.
	if (is_stream() && data[depth] && value != "") passed[value] = position()
	if (name == "include" || data[depth]) return
	if (!is_known(name)) refuse("this directive is not allowed; add its name to SALLYPORT_DIRECTIVES")
	if (name == "root" || name == "alias") root[depth] = value
	if (name == "root" && depth == 0 && !within(value, paths)) refuse("this directory may not be served; add it to SALLYPORT_PATHS")
	# With `location /a` and `alias /b/`, the file of /a../c would be /b/../c.
	if (name == "alias" && !is_exact[depth] && (place[depth] !~ /\/$/ || value !~ /\/$/)) refuse("location and alias must end with a slash")
	# nginx does not normalize these paths.
	if (name ~ /^(error_page|index)$/ && all ~ /\.\.|[\\$]/) refuse("this path is not generated")
	if (name == "fastcgi_pass") is_fastcgi[depth] = 1
	if (name == "disable_symlinks" && all != "disable_symlinks on") refuse("this text is not generated")
	if (name == "disable_symlinks") has_no_links[depth] = 1
	# A key from an `engine:` would load its code.
	if (name ~ /^(grpc_|proxy_)?ssl_certificate/ && value !~ /^\//) refuse("this is not the path of a file")
	if (name == "listen" && tolower(value) ~ /^unix:/) refuse("this address is not a port")
	if (name == "auth_basic_user_file" && !within(value, passwords)) refuse("this file may not have passwords; add its directory to SALLYPORT_PATHS")
	if (name == "access_log" && value != "off" && !within(value, logs)) refuse("this file may not be a log; add its directory to SALLYPORT_PATHS")
	if (name == "server" && !is_address(tolower(value))) {
		if (value !~ /^tasks\.[a-z0-9][a-z0-9_-]*:[0-9]+$/) refuse("this address is not that of a container")
		# No public domain has such a name.
		if (value !~ /_/ && !("resolve" in known)) refuse("outside of a stack, the name of a service may be a public domain; add resolve to SALLYPORT_DIRECTIVES")
	}
	if (name ~ /_pass$/ && !(is_stream() && value == sni)) {
		sub(/^[a-z]+:\/\//, "", value)
		sub(/\/.*/, "", value)
		passed[value] = position()
	}
}
function begin(name, value, third) {
	if (data[depth]) refuse("unexpected {")
	if (!is_known(name)) refuse("this block is not allowed; add its name to SALLYPORT_DIRECTIVES")
	# nginx takes a name with a port for an address, even if an upstream has this name.
	if (name == "upstream" && value !~ /^[A-Za-z0-9_.-]+$/) refuse("this name is not generated")
	if (name == "upstream") upstreams[value] = 1
	if (name == "map" && is_stream() && third != sni) refuse("this variable is not generated")
	if (name == "location") has_location[depth] = 1
	depth++
	place[depth] = name == "location" ? (third == "" ? value : third) : ""
	is_exact[depth] = name == "location" && value == "=" && third != ""
	data[depth] = data[depth - 1] || name == "map" || name == "geo" || name == "types"
	root[depth] = ""
	is_fastcgi[depth] = has_no_links[depth] = has_location[depth] = 0
}
function end() {
	# With FastCGI, the root is a directory of the app. A location inside of it has the root, but not FastCGI.
	if (root[depth] != "" && (!is_fastcgi[depth] || has_location[depth]) && !within(root[depth], paths) && !(has_no_links[depth] && within(root[depth], live)))
		refuse("this directory may not be served; add it to SALLYPORT_PATHS")
	if (--depth < 0) refuse("unexpected }")
}
function tokens(text,   token, quoted) {
	while (text != "") {
		quoted = 0
		if (match(text, /^[ \t]+/)) {
			text = substr(text, RLENGTH + 1)
			continue
		}
		if (text ~ /^#/) return
		if (match(text, /^[;{}]/)) {
			token = substr(text, 1, 1)
			text = substr(text, 2)
			if ((token == "}") == (count > 0)) refuse("unexpected " token)
			if (token == ";") directive(words[0], words[1], all)
			else if (token == "{") begin(words[0], words[1], count > 2 ? words[2] : "")
			else end()
			count = 0
			continue
		}
		if (match(text, /^"([^"\\]|\\.)*"/) || match(text, /^\047([^\047\\]|\\.)*\047/)) {
			quoted = 1
			token = substr(text, 2, RLENGTH - 2)
		} else if (match(text, /^([^ \t;{}"\047\\$]|\\[^ \t]|\$\{[a-z_0-9]+\}|\$)([^ \t;{"\047\\$]|\\[^ \t]|\$\{[a-z_0-9]+\}|\$)*/))
			token = substr(text, 1, RLENGTH)
		else refuse("unexpected text")
		# A quote inside of a word is an ordinary character for nginx, and so is a brace after a dollar sign.
		if (substr(text, RLENGTH + 1) !~ /^([ \t;{]|$)/ && !(quoted && substr(text, RLENGTH + 1, 1) == ")") || !quoted && substr(text, RLENGTH, 2) == "${") refuse("unexpected text after a word")
		if (!data[depth] && (count == 0 && (quoted || token !~ /^[a-z_0-9]+$/) || count == 1 && words[0] ~ /^(root|alias|access_log|auth_basic_user_file|server|upstream|(grpc_|proxy_)?ssl_certificate.*|.*_pass)$/ && token ~ /[\\$]/ && !(is_stream() && token == sni)))
			refuse("this text is not generated")
		text = substr(text, RLENGTH + 1)
		if (count < 3) words[count] = token
		all = count == 0 ? token : all " " token
		count++
	}
}
BEGIN {
	count = depth = 0
	# The files are read as the copies of this directory.
	for (i = 1; copies && i < ARGC; i++) {
		name = ARGV[i]
		sub(/.*\//, "", name)
		shown[copies "/" name] = ARGV[i]
		ARGV[i] = copies "/" name
	}
	split(directives, names, " ")
	for (i in names) known[names[i]] = 1
	split(stream_directives, names_of_streams, " ")
	for (i in names_of_streams) known_stream[names_of_streams[i]] = 1
	sni = "$sallyport_sni"
}
# The time to read a line is proportional to the square of its length.
length($0) > 16384 { refuse("this line has more than 16,384 characters") }
FNR == 1 && (count || depth) { refuse("the file before ends in a block") }
# A shorter way for most lines.
count == 0 && /^[ \t]*[a-z_0-9]+( [^;{}"\047\\#$]+)?;$/ {
	sub(/;$/, "")
	sub(/^[ \t]+/, "")
	directive($1, $2, $0)
	next
}
{ tokens($0) }
END {
	if (!refused && (count || depth)) refuse("ends in a block")
	if (refused) exit 1
	for (name in passed) if (!(name in upstreams)) {
		print passed[name] ": requests may only be passed to containers"
		exit 1
	}
}'

# Hash and name of each generated file that the last test allowed.
allowed=

# DIRECTORY FILE...: prints hash and name of the files with these names in the directory.
sums() {
	cd "$1" || return
	shift
	for file in "$@"; do
		shift
		set -- "$@" "${file##*/}"
	done
	exec sha256sum "$@" 2>/dev/null
}

# Succeeds if `found` has the same hashes and names as `allowed`.
is_same() {
	[ -n "$found" ] && [ "${#found}" -eq "${#allowed}" ] || return 1
	while read -r line; do
		case "$newline$allowed$newline" in *"$newline$line$newline"*) ;; *) return 1 ;; esac
	done <<-EOF
		$found
	EOF
}

# FILE: prints its control characters.
controls() {
	LC_ALL=C tr -cd '\000-\010\013-\037\177' <"$1"
}

# COPIES FILE...: succeeds if the files contain only what Sallyport generates, or sets `message`. Files of other owners are
# the operator's. With a directory COPIES they are copied there, and nginx tests the copies, which the renderer cannot change.
# Without it they are read themselves, unless the last test allowed the same bytes. Each publication waits for this and for what
# follows, which therefore start few processes.
is_allowed() {
	copies=$1
	shift
	[ "${SALLYPORT_DIRECTIVES:-}" != any ] || return 0
	for attempt in again last; do
		for file in "$@"; do
			shift
			if [ -e "$file" ] || [ -L "$file" ]; then set -- "$@" "$file"; fi
		done
		# The first line is the owner of the directory, the others are those of the files.
		owners=$(stat -c %u "$live" "$@" 2>&1) && break
		# An operator's file may just have been removed.
		message=$owners
		[ "$attempt" = again ] || return 1
	done
	owner=${owners%%[!0-9]*}
	for file in "$@"; do
		shift
		owners=${owners#*[!0-9]}
		[ "${owners%%[!0-9]*}" = "$owner" ] || continue
		if [ -L "$file" ] || [ ! -f "$file" ]; then
			message="$file: not a regular file"
			return 1
		fi
		set -- "$@" "$file"
	done
	message=
	[ "$#" -eq 0 ] && return 0
	if [ -z "$copies" ]; then
		found=$(sums "$live" "$@")
		is_same && return 0
	elif ! cp "$@" "$copies/" 2>/dev/null; then
		# There may be no room for copies.
		rm -f "$copies"/*
		copies=
	fi
	# awk may end a line at a NUL, or take a carriage return for a part of a word.
	for file in "$@"; do
		if [ -z "$copies" ]; then
			[ "$(controls "$file" | wc -c)" -eq 0 ] && continue
		else
			controls "$copies/${file##*/}" >"$copies/.controls" && [ ! -s "$copies/.controls" ] && continue
		fi
		message="$live: a file has a control character"
		return 1
	done
	message=$(LC_ALL=C awk -v directives="$directives ${SALLYPORT_DIRECTIVES:-}" -v stream_directives="$stream_directives ${SALLYPORT_DIRECTIVES:-}" -v paths="$paths ${SALLYPORT_PATHS:-}" \
		-v passwords="$passwords ${SALLYPORT_PATHS:-}" -v logs="/var/log/nginx/ /dev/stdout /dev/stderr ${SALLYPORT_PATHS:-}" -v live="$live/" -v copies="$copies" "$rules" "$@" 2>&1) || return
	[ -z "$copies" ] || allowed=$(sums "$copies" "$@")
}

# Succeeds if nginx accepts the live configuration, and if generated files contain only what they may.
is_valid() {
	is_allowed "" "$live"/*.conf "$live"/*.stream && check "$main_conf"
}

# FILE: succeeds if nginx accepts the main configuration, or sets `message`. nginx prints a warning for each virtual host
# first, which would push the error out of the message.
check() {
	# Without a terminal, so that OpenSSL does not wait there for the passphrase of a key. glibc must not return memory to
	# the kernel after each `map`: nginx would spend most of its time on page faults.
	message=$(MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=4194304 timeout "$test_seconds" setsid nginx -t -q -c "$1" 2>&1 </dev/null)
	outcome=$?
	case $outcome in 124 | 137 | 143) message="nginx did not read its configuration within $test_seconds s; a file may be a FIFO" ;; esac
	case $message in *"[warn]"*) message=$(printf '%s\n' "$message" | sed '/\[warn\]/d') ;; esac
	return "$outcome"
}

# FILE LINE MESSAGE: replaces a file of the channel atomically, so that it is never read half-written, and that nothing is
# written through a link.
put() {
	printf '%s\n%.4000s\n' "$2" "$3" >"$channel/.$1" && mv -f "$channel/.$1" "$channel/$1"
}

# STATE MESSAGE
announce() {
	put ready "$start $1 $container $version" "$2"
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

# Sets `children` to the processes whose parent is nginx's master. The renderer's group can write to the channel but not to
# /proc, so this list can be trusted. Without the kernel's list of children, all processes are searched.
find_children() {
	children=unknown
	# The list has no line end, so read returns an error.
	{ read -r children <"/proc/$master/task/$master/children"; } 2>/dev/null || :
	[ "$children" = unknown ] || return
	children=
	for process in /proc/[0-9]*; do
		{ read -r pid _ _ parent _ <"$process/stat"; } 2>/dev/null || continue
		[ "$parent" != "$master" ] || children="$children $pid"
	done
}

# Sets `accepting` to the workers that accept connections, and `ending` to those that only serve connections from before a
# reload. `old` is their number.
find_workers() {
	find_children
	accepting='' ending='' old=0
	for pid in $children; do
		read_title "$pid"
		case $title in
		*"worker process is shutting down"*) ending="$ending $pid" old=$((old + 1)) ;;
		*"is shutting down"*) ;;
		"nginx: worker process"*) accepting="$accepting $pid " ;;
		esac
	done
}

# Ends the oldest workers with connections from before a reload, if there are too many.
end_oldest() {
	find_workers
	[ "$old" -gt "$max_old" ] || return 0
	for process in $ending; do
		{ read -r line <"/proc/$process/stat"; } 2>/dev/null || continue
		# shellcheck disable=SC2086 # the fields of the line
		set -- $line
		echo "${22} $1"
	done | sort -n | awk -v max="$max_old" '{ pid[NR] = $2 } END { for (i = 1; i <= NR - max; i++) print pid[i] }' |
		while read -r pid; do
			kill -TERM "$pid" 2>/dev/null || continue
			echo "sallyport: ended nginx worker $pid with its connections: $max_old newer ones also serve connections from before a reload; see SALLYPORT_OLD_WORKERS" >&2
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

# ENDING: tests the main configuration with the candidates *.conf, or *.stream, in place of their live files. nginx reads a
# directory with links to all that is next to the main configuration, so that relative names and the order of files are the
# same. The directory is new and private: other users may write to $scratch, and nginx would load the module that a file
# names.
run_test() {
	candidate=$live/.sallyport/candidate
	ending=$1
	folder=${main_conf%/*}
	read -r own </proc/sys/kernel/random/uuid
	own=$scratch/sallyport.$own
	case $live in "$folder"/*/*) mirror=$own/.live ;; "$folder"/*) mirror=$own/${live##*/} ;; *) mirror=$own/.live ;; esac
	# The last line is a mark if the files are included.
	conf=$(sed -e "\|^[^#]*include[[:space:]]*$live/\*\.$ending;|h" \
		-e "s#include[[:space:]]*$live/\*\.conf;#include $mirror/*.conf;#" \
		-e "s#include[[:space:]]*$live/\*\.stream;#include $mirror/*.stream;#" \
		-e '${' -e p -e x -e 's/..*/# included/' -e '}' "$main_conf")
	if [ "${conf##*"$newline"}" != "# included" ]; then
		# An empty file need not be included.
		[ "$ending" = conf ] || grep -q '^[[:space:]]*[^#[:space:]]' "$candidate"/*.stream 2>/dev/null || return 0
		message="$main_conf does not include $live/*.$ending"
		[ "$ending" = conf ] || message="$message; add this line to it, outside of all blocks: include $live/*.stream;"
		return 1
	fi
	# Files behind a link belong to others: nginx would print parts of them.
	if [ -L "$live/.sallyport" ] || [ -L "$candidate" ]; then
		message="$candidate: not a directory of its own"
		return 1
	fi
	set --
	for file in "$live"/*.conf "$live"/*.stream "$candidate"/*."$ending"; do
		is_replaced "$file" || set -- "$@" "$file"
	done
	# Fails if another user has made the directory.
	if message=$(mkdir -m 0700 "$own" "$mirror" 2>&1); then
		is_allowed "$mirror" "$@" && test_in_own
		outcome=$?
	else
		message="cannot write to $scratch: $message" outcome=1
	fi
	rm -rf "$own" &
	case $message in *'unknown directive "stream"'*) message="nginx has no stream module; install it (libnginx-mod-stream on Debian) and load it in $main_conf, or use nginx's official image: $message" ;; esac
	return "$outcome"
}

# FILE: succeeds if nginx must not read this file in the test: a live file with a candidate, or a candidate that is not
# tested now, because it is of the other ending.
is_replaced() {
	other=$candidate/${1##*/}
	case $1 in *.stream) tested=stream ;; *) tested=conf ;; esac
	if [ "$tested" != "$ending" ]; then
		[ "$1" = "$other" ]
	elif [ "$1" != "$other" ]; then
		[ -e "$other" ] || [ -L "$other" ]
	else
		return 1
	fi
}

# A file that cannot be written completely is not tested. nginx's message names the files that are linked or copied.
test_in_own() {
	set --
	for file in "$folder"/*; do
		[ -e "$file" ] || [ -L "$file" ] || continue
		case $file in "$main_conf" | "$folder/${mirror##*/}") ;; *) set -- "$@" "$file" ;; esac
	done
	[ "$#" -eq 0 ] || message=$(ln -s "$@" "$own/" 2>&1) || return 1
	set --
	for file in "$live"/* "$candidate"/*; do
		[ -e "$file" ] || [ -L "$file" ] || continue
		is_replaced "$file" || [ -e "$mirror/${file##*/}" ] || set -- "$@" "$file"
	done
	[ "$#" -eq 0 ] || message=$(ln -s "$@" "$mirror/" 2>&1) || return 1
	if ! printf '%s\n' "$conf" >"$own/nginx.conf" 2>/dev/null; then
		message="cannot write to $scratch: $(cp "$main_conf" "$own/nginx.conf" 2>&1)"
		return 1
	fi
	check "$own/nginx.conf" && [ "$message" = "" ] && return
	names=
	for file in "$candidate"/*."$ending"; do
		name=${file##*/}
		case $name in *[!A-Za-z0-9._-]*) ;; *) names="$names;s#$mirror/$name#$candidate/$name#g" ;; esac
	done
	message=$(printf '%s\n' "$message" | sed "s#$own/nginx.conf#$main_conf#g$names;s#$mirror/#$live/#g;s#$own/#$folder/#g")
	return "$outcome"
}

# Reads the seconds since the machine started: a look at all workers takes long on a busy machine.
read_clock() {
	read -r now </proc/uptime
	now=${now%%.*}
}

# nginx accepts a signal even if it rejects the configuration: only new workers prove that it is live. An nginx that starts
# may have read the files before they changed. It has no workers then, and may lose a signal.
run_reload() {
	is_running || is_valid || return 1
	await_workers || return
	is_allowed "" "$live"/*.conf "$live"/*.stream || return 1
	end_oldest
	before=$accepting
	message=$(kill -HUP "$master" 2>&1) || return 1
	read_clock
	end=$((now + patience))
	while [ "$now" -lt "$end" ]; do
		find_workers
		is_new=yes
		for pid in $accepting; do
			case $before in *" $pid "*) is_new=no ;; esac
		done
		[ -n "$accepting" ] && [ "$is_new" = yes ] && return 0
		sleep 0.1
		read_clock
	done
	message="nginx kept its old workers; see nginx's log"
	return 1
}

# Waits for nginx, which starts as soon as it accepts its configuration, and its workers.
await_workers() {
	read_clock
	end=$((now + patience))
	while [ "$now" -lt "$end" ]; do
		is_running && find_workers && [ -n "$accepting" ] && return 0
		sleep 0.1
		read_clock
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
		test | test-stream | reload)
			[ -z "$rest" ] || continue
			case $verb in test) run_test conf ;; test-stream) run_test stream ;; *) run_reload ;; esac
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
	is_valid && return
	announce failed "$message"
	echo "sallyport: nginx rejects its configuration and starts when it is repaired: $message" >&2
	until is_valid; do sleep 1; done
}

if [ "${1:-}" = check ]; then
	is_valid && exit
	printf '%s\n' "$message"
	exit 1
fi
[ -d "$channel" ] || { echo "sallyport: $channel is missing; mount the reload volume there" >&2 && exit 1; }
rm -f "$channel/word" "$channel/answer" "$channel/ready"
read -r start </proc/sys/kernel/random/uuid
container=$(identify)
# Such as 1.26.3; of OpenResty, the version of its nginx.
version=$(nginx -v 2>&1 | sed -n 's#^[^/]*/\([0-9]*\.[0-9]*\.[0-9]*\).*#\1#p')
version=${version:--}
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
