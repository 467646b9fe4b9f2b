# shellcheck shell=bash disable=SC2154 # `checkout` and `state` come from scripts/db
# The private cluster, for scripts/db: where it lives, how it is made, started and stopped.
#
# Its home folder holds data/, run/ (the socket), server.log, password, checkout (whose it is), identity (of data/) and
# `alive`, a file on which every process of the server keeps a lock. Whoever gets that lock knows that no server works
# on the data, whatever postmaster.pid says: after a reboot, in a copy, or seen from another container.
#
# Sets `home`, empty when there is no cluster, and `server_user`, the owner of its files.

alternatives="set DATABASE_URL to a PostgreSQL 17 server that has TimescaleDB, or: docker compose up -d"

# shellcheck source=scripts/db-settings.bash
source "$checkout/scripts/db-settings.bash"

# Runs a command as the user that owns the server's files, in folder $1, which this user must be able to enter, and with
# nothing of the caller's environment, which may hold settings of PostgreSQL and secrets.
as_server_in() {
    local folder=$1 become=()
    shift
    if ((EUID == 0)); then
        become=(setpriv --reuid="$server_user" --regid="$(id -g "$server_user")" --clear-groups --no-new-privs --)
    fi
    (cd -- "$folder" && exec env -i PATH="$PATH" LC_ALL=C HOME=/ "${become[@]}" "$@")
}
as_server() { as_server_in / "$@"; }

# shellcheck disable=SC2016 # the inner shell fills it in
write_as_server() { as_server sh -c 'umask 077 && cat >"$1"' sh "$1"; }

# PostgreSQL refuses to run as root.
choose_server_user() {
    server_user=$(id -un 2>/dev/null) ||
        fail "user $EUID has no name on this machine, and PostgreSQL wants one" "add it to /etc/passwd; or $alternatives"
    ((EUID == 0)) || return 0
    for server_user in postgres nobody; do
        if id "$server_user" &>/dev/null && as_server true 2>/dev/null; then return; fi
    done
    fail "PostgreSQL does not run as root, and root cannot become postgres or nobody here" "run this as another user; or $alternatives"
}

# Makes a folder that only the server's user enters; fails where the file system or a closed parent folder forbids it.
make_private() {
    mkdir -p -- "$1" 2>/dev/null || return 1
    if ((EUID == 0)); then chown -h "$server_user:" -- "$1" 2>/dev/null || return 1; fi
    chmod 700 -- "$1" 2>/dev/null && [[ $(stat -c '%a %U' -- "$1") == "700 $server_user" ]] && as_server test -w "$1" -a -x "$1"
}

find_home() {
    local owner
    home=$state/cluster
    [[ ! -r $state/home ]] || home=$(<"$state/home")
    if [[ ! -d $home ]]; then home='' && return; fi
    server_user=$(stat -c %U -- "$home")
    if ((EUID != 0)) && [[ ! -O $home ]]; then
        fail "this checkout's cluster belongs to $server_user: $home" "run this as root or as $server_user, or set DATABASE_URL"
    fi
    if [[ ! -f $home/checkout ]]; then home='' && return; fi # a run that was killed began it
    owner=$(<"$home/checkout")
    if [[ -r $state/home && $owner != "$checkout" ]]; then
        if [[ $(cat -- "$owner/.tidemark/home" 2>/dev/null) == "$home" ]]; then
            home='' # this checkout is a copy: that cluster serves the original
        else
            printf '%s\n' "$checkout" >"$home/checkout"
        fi
    fi
}

# True while any process of the server is there, wherever it was started.
server_lives() { [[ -f $home/alive ]] && ! flock -s -n -- "$home/alive" true; }

# Line $1 of postmaster.pid: 1 the process, 2 its data folder, 4 the port, 5 the socket's folder, 8 the state.
recorded() {
    local lines=()
    { mapfile -t lines <"$home/data/postmaster.pid"; } 2>/dev/null || true
    echo "${lines[$1 - 1]-}"
}
port_of_server() { recorded 4; }
is_ready() { [[ $(recorded 8) == ready* ]]; }

# True when the server's first process is there: a killed one leaves its file, and children for a while.
postmaster_lives() {
    local pid
    pid=$(recorded 1)
    [[ -n $pid ]] && server_lives && as_server test "/proc/$pid/cwd" -ef "$home/data"
}

# The socket's folder; nothing when it has been swept away.
socket_of_server() {
    local folder
    folder=$(recorded 5)
    [[ ! -S $folder/.s.PGSQL.$(port_of_server) ]] || echo "$folder"
}

percent_encoded() {
    local i char
    for ((i = 0; i < ${#1}; i++)); do
        char=${1:i:1}
        case $char in
            [a-zA-Z0-9._~-]) printf '%s' "$char" ;;
            *) printf '%%%02X' "$(($(printf '%d' "'$char") & 255))" ;;
        esac
    done
}

# The running server's address: by its socket, or by the loopback port when no socket can be reached.
address() {
    local socket host=127.0.0.1
    socket=$(socket_of_server)
    [[ -z $socket ]] || host=$(percent_encoded "$socket")
    printf 'postgresql://tidemark:%s@%s:%s/tidemark\n' "$(<"$home/password")" "$host" "$(port_of_server)"
}

# False when the data folder was moved while the server ran, which then fails at its next checkpoint.
in_place() { [[ $(recorded 2) -ef $home/data ]]; }

# True when the server takes connections and .tidemark/database_url says where.
answers() {
    [[ -n $home && -r $state/database_url ]] && is_ready && in_place && postmaster_lives && [[ $(<"$state/database_url") == "$(address)" ]]
}

# The first home of this checkout's cluster: in .tidemark, or elsewhere when the server's user is kept out of there.
choose_home() {
    local base=/var/lib
    rm -f -- "$state/home"
    home=$state/cluster
    if make_private "$home"; then return; fi
    rmdir -- "$home" 2>/dev/null || true
    ((EUID == 0)) || base=${XDG_DATA_HOME:-${HOME:-/nonexistent}/.local/share}
    home=$base/tidemark/$(printf '%s' "$checkout" | sha256sum | cut -c 1-16)
    make_private "$home" || fail "user $server_user can keep data neither in $state nor in $home" \
        "move the checkout to a folder open to $server_user; or $alternatives"
    printf '%s\n' "$home" >"$state/home"
    say "user $server_user cannot keep data in $state"
}

# What a copy of the data folder does not share with the original, while a moved folder does: inode and birth.
identity() { stat -c '%i %W' -- "$home/data"; }

make_cluster() {
    choose_home
    local fresh=$home/data.unfinished
    rm -rf -- "$fresh" # left by a run that was killed
    say "making a cluster in $home, owned by $server_user"
    od -An -N 18 -tx1 /dev/urandom | tr -d ' \n' | write_as_server "$home/password"
    as_server "$bin/initdb" -D "$fresh" -U tidemark --pwfile="$home/password" --auth=scram-sha-256 --encoding=UTF8 \
        --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --data-checksums --no-instructions \
        2>&1 >/dev/null | sed 's/^/  /' >&2 || fail "initdb failed" "see its words above; or $alternatives"
    echo "include 'tidemark.conf'" >>"$fresh/postgresql.conf"
    mv -- "$fresh" "$home/data"
    identity >"$home/identity"
    printf '%s\n' "$checkout" >"$home/checkout"
}

# A copy that was taken while the server ran can lack writes without a sign of it: it is set aside.
set_aside_torn_copy() {
    local was=0 born=0 now now_born kept
    [[ ! -r $home/identity ]] || read -r was born <"$home/identity"
    read -r now now_born < <(identity)
    if [[ $was != "$now" && $born != "$now_born" ]] &&
        ! as_server "$bin/pg_controldata" -D "$home/data" | grep -q '^Database cluster state: *shut down'; then
        kept=$home/data.copied-$(date +%Y%m%dT%H%M%S)
        mv -- "$home/data" "$kept"
        say "these data were copied while their server ran and may be torn; they are set aside in $kept"
    else
        identity >"$home/identity"
    fi
}

# Waits for what holds `alive`: true when it turns out to be a server that starts, false when the lock is free. The
# children of a killed server leave as soon as they look; those in a long computation do not look, and are ended.
wait_for_holder() {
    local tenth
    for ((tenth = 1; tenth <= 150; tenth++)); do
        server_lives || return 1
        if postmaster_lives; then return 0; fi
        ((tenth != 20)) || say "waiting for what an earlier server left"
        ((tenth != 30)) || end_orphans
        sleep 0.1
    done
    fail "something holds $home/data" "stop the server where it was started, perhaps in another container"
}

# shellcheck disable=SC2016 # the inner shell fills it in
end_orphans() {
    as_server sh -c 'for p in /proc/[0-9]*; do [ "$p/cwd" -ef "$1" ] && kill -QUIT "${p#/proc/}"; done' sh "$home/data" 2>/dev/null || true
}

# The folder of the socket, whose whole path may have 107 bytes, too few for a deep home, and no comma, which separates
# hosts in an address.
socket_folder() {
    local folder=$home/run
    [[ ${#folder} -le 92 && $folder != *,* ]] || folder=/tmp/tidemark-$(id -u "$server_user")-$(printf '%s' "$home" | sha256sum | cut -c 1-16)
    echo "$folder"
}

# A free port from $1 on.
free_port() {
    local port
    for ((port = $1; port < $1 + 1000; port++)); do
        if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then echo "$port" && return; fi
    done
    fail "no port is free from $1 to $port" "$alternatives"
}

# Starts the server with no file open but the lock on `alive`, which it inherits.
launch() (
    local fd
    for fd in /proc/"$BASHPID"/fd/*; do
        fd=${fd##*/}
        ((fd <= 2 || fd == 255)) || eval "exec $fd>&-"
    done
    exec 7<"$home/alive"
    flock -w 5 7 || exit 1
    # pg_ctl hands its paths to a shell, in double quotes: relative ones hold no surprise
    as_server_in "$home" "$bin/pg_ctl" start -D data -l server.log -w -t 60 </dev/null >/dev/null 2>&1
)

# Brings up what is there: nothing, a stopped cluster, a killed one, or a server that a killed run left half started.
start_cluster() {
    local port socket attempt
    bin=$("$checkout/scripts/provision")/usr/lib/postgresql/17/bin
    if [[ -n $home ]] && server_lives; then
        if wait_for_holder; then
            if in_place; then
                finish_start
                return
            fi
            say "the data folder has moved while the server ran: restarting"
            stop_cluster
        fi
    fi
    if [[ -n $home && $server_user == root ]]; then # copied by root without its owners
        choose_server_user
        chown -R "$server_user:" -- "$home"
    fi
    if [[ -n $home && -d $home/data ]]; then set_aside_torn_copy; fi
    [[ -n $home ]] || choose_server_user
    as_server test -x "$bin/postgres" || fail "user $server_user cannot reach $bin" "set TIDEMARK_CACHE to a folder open to that user"
    [[ -e /usr/share/zoneinfo/America/New_York ]] || fail "this machine has no time zones" "apt-get install tzdata; or $alternatives"
    [[ -n $home && -d $home/data ]] || make_cluster

    # the lock on `alive` is free, so this file speaks of a server that is gone, or of the one we were copied from
    rm -f -- "$state/database_url" "$home/data/postmaster.pid"
    as_server touch "$home/alive" "$home/server.log"
    (($(stat -c %s "$home/server.log") < 16000000)) || mv -- "$home/server.log" "$home/server.log.1"
    socket=$(socket_folder)
    if [[ -L $socket ]] || ! make_private "$socket"; then fail "cannot use $socket for the server's socket" "remove what is there"; fi
    rm -f -- "$socket"/.s.PGSQL.*
    port=$(sed -n 's/^port = //p' "$home/data/tidemark.conf" 2>/dev/null || true)
    [[ -n $port ]] || port=$((15432 + $(printf '%s' "$checkout" | cksum | cut -d ' ' -f 1) % 10000))
    for attempt in 1 2 3 4 5; do
        port=$(free_port "$port")
        settings "$port" "$socket" | write_as_server "$home/data/tidemark.conf"
        say "starting the server on port $port"
        if launch || server_lives; then
            finish_start
            return
        fi
        tail -n 20 "$home/server.log" | grep -q 'Address already in use' || break
        port=$((port + 1))
    done
    tail -n 8 "$home/server.log" | sed 's/^/  /' >&2
    fail "the server does not start (attempt $attempt)" "see $home/server.log"
}

# Waits until the server is ready, sees to the database and its extension, and writes the address, last.
finish_start() {
    local tenth exists
    for ((tenth = 1; ; tenth++)); do
        if is_ready; then break; fi
        server_lives || fail "the server has stopped while it started" "see $home/server.log"
        ((tenth % 100)) || say "the server recovers; see $home/server.log"
        sleep 0.1
    done
    connect_privately
    exists=$(psql_quiet -d postgres -c "SELECT 1 FROM pg_database WHERE datname = 'tidemark'")
    [[ -n $exists ]] || psql_quiet -d postgres -c 'CREATE DATABASE tidemark'
    # to update must come first in a session; it does nothing when the version is the newest
    { [[ -n $exists ]] && psql_quiet -c 'ALTER EXTENSION timescaledb UPDATE' 2>/dev/null; } ||
        psql_quiet -c 'CREATE EXTENSION IF NOT EXISTS timescaledb'
    (umask 077 && address >"$state/database_url.new")
    mv -f -- "$state/database_url.new" "$state/database_url"
}

# Asks for a fast shutdown, as `pg_ctl stop -m fast` does, but also works after the cache was removed. After a move it
# asks for an immediate one: the next start recovers from the log, as nothing else can be written any more.
stop_cluster() {
    local pid tenth signal=INT
    if ! server_lives || ! wait_for_holder; then say "it does not run" && return; fi
    in_place || signal=QUIT
    pid=$(recorded 1)
    as_server kill -"$signal" "$pid"
    for ((tenth = 0; tenth < 1200; tenth++)); do
        if ! server_lives; then say "stopped" && return; fi
        sleep 0.1
    done
    fail "the server (process $pid) does not stop" "see $home/server.log"
}

remove_cluster() {
    [[ -f $home/checkout ]] || fail "$home does not look like a cluster of this project" "remove it by hand"
    rm -rf -- "$(socket_folder)" "$home"
    rm -f -- "$state/home" "$state/database_url"
    say "removed $home"
}
