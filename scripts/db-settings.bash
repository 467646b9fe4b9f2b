# shellcheck shell=bash
# The private server's settings, computed from the machine; for scripts/db-cluster.bash.

# The memory in MB that this machine or this container's limit gives.
memory_mb() {
    local mb limit file
    mb=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
    for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
        [[ -r $file ]] || continue
        limit=$(<"$file")
        if [[ $limit =~ ^[0-9]{1,15}$ ]] && ((limit / 1048576 < mb)); then mb=$((limit / 1048576)); fi
    done
    echo "$mb"
}

clamp() { echo $(($2 < $1 ? $1 : $2 > $3 ? $3 : $2)); } # least value most

# postgresql.conf for a server on port $1 with its socket in folder $2.
settings() {
    local mb parallel quoted shared_memory=posix
    mb=$(memory_mb)
    parallel=$(clamp 2 "$(nproc)" 16)
    quoted=${2//\"/\"\"}
    quoted=${quoted//\'/\'\'}
    # containers often have 64 MB there, too little for a parallel join
    (($(df --output=avail -m /dev/shm 2>/dev/null | tail -n 1) >= 512)) || shared_memory=mmap
    cat <<END
# Written by scripts/db at each start; what ALTER SYSTEM sets takes precedence.
listen_addresses = '127.0.0.1'
port = $1
unix_socket_directories = '"$quoted"'
unix_socket_permissions = 0700
max_connections = 200
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
timescaledb.max_background_workers = 8
max_parallel_workers = $parallel
max_worker_processes = $((3 + 8 + parallel)) # PostgreSQL's own, TimescaleDB's, parallel ones
max_locks_per_transaction = 512 # a query may lock every chunk
shared_buffers = $(clamp 64 $((mb / 8)) 2048)MB
effective_cache_size = $(clamp 128 $((mb / 2)) 65536)MB
maintenance_work_mem = $(clamp 32 $((mb / 32)) 512)MB
work_mem = $(clamp 4 $((mb / 512)) 64)MB
dynamic_shared_memory_type = $shared_memory
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = lz4
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %d '
END
}
