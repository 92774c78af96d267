#!/bin/sh
# Fetch the real peers that the tests talk to into CACHE, from Debian's or Ubuntu's own archive.
#
#   sh tests/binaries.sh CACHE      makes CACHE/bin/{prometheus,promtool,prometheus-alertmanager,amtool,
#                                                    redis-server,redis-cli,redis-benchmark}
#
# Downloads and unpacks only: nothing is installed, started or changed outside CACHE, no root needed.
# A second call finds everything in place and needs no network.
set -eu

REDIS="redis-server redis-cli redis-benchmark"
# The libraries after redis-tools are those of Redis that a bare system lacks.
PACKAGES="prometheus prometheus-alertmanager redis-server redis-tools liblzf1 libjemalloc2 libatomic1"
PROGRAMS="prometheus promtool prometheus-alertmanager amtool $REDIS"

fail() {
    echo "binaries: $*" >&2
    exit 1
}

[ $# -eq 1 ] || fail "usage: sh tests/binaries.sh CACHE"
mkdir -p "$1" || fail "cannot make the directory $1"
cache=$(cd "$1" && pwd)

complete() {
    for program in $PROGRAMS; do
        [ -x "$cache/bin/$program" ] || return 1
    done
}

versions() {
    for program in $PROGRAMS; do
        version=$("$cache/bin/$program" --version 2>&1) ||
            fail "$cache/bin/$program does not run here: $version"
        echo "$version" | sed -n '1{s/ (.*//;s/ sha=.*//;p;}'
    done
}

# Only what a name resolves to is downloaded: with stale lists the archive no longer has that file.
download() {
    # shellcheck disable=SC2086  # PACKAGES is a list
    (cd "$work" && apt-get -qq -o Acquire::http::Timeout=30 "$@" download $PACKAGES) >>"$work/apt.log" 2>&1
}

# Package lists of our own, so that a user may fetch them and the system's stay as they are.
own_lists() {
    mkdir -p "$work/lists/partial" "$work/archives/partial"
    set -- -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work"
    # One broken third-party source fails the whole update; the download tells whether it mattered.
    apt-get -qq -o Acquire::http::Timeout=30 "$@" update >>"$work/apt.log" 2>&1 || true
    download "$@"
}

# Debian's Alertmanager reads its templates from a fixed path, where only an installed package has
# them. In our copy that path becomes one of the same length, which leads to a directory that the
# starter below opens for it; arguments, working directory and process number stay as they are.
INSTALLED="/usr/share/prometheus/alertmanager"
RELOCATED="/proc/self/fd/9/./././././././././"

relocate() {
    program=$cache/peers/usr/bin/$1
    grep -q "$INSTALLED" "$program" || return 0
    [ ${#INSTALLED} -eq ${#RELOCATED} ] || fail "the two paths differ in length"
    LC_ALL=C sed "s#$INSTALLED#$RELOCATED#g" "$program" >"$program.relocated"
    chmod 755 "$program.relocated"
    rm "$cache/bin/$1"
    cat >"$cache/bin/$1" <<STARTER
#!/bin/sh
exec 9<"\${0%/*}/../peers$INSTALLED"
exec "\${0%/*}/../peers/usr/bin/$1.relocated" "\$@"
STARTER
    chmod 755 "$cache/bin/$1"
}

# Redis finds the libraries that came with it, wherever it lies; its process is Redis itself.
with_libraries() {
    rm "$cache/bin/$1"
    cat >"$cache/bin/$1" <<STARTER
#!/bin/sh
for directory in "\${0%/*}"/../peers/usr/lib/*/; do
    LD_LIBRARY_PATH=\$directory\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "\${0%/*}/../peers/usr/bin/$1" "\$@"
STARTER
    chmod 755 "$cache/bin/$1"
}

fetch() {
    for tool in apt-get dpkg; do
        command -v $tool >/dev/null 2>&1 ||
            fail "$tool is missing: the tests' Prometheus, Alertmanager and Redis come from the archive of" \
                "Debian or Ubuntu. Elsewhere, put $PROGRAMS into $cache/bin yourself."
    done
    work=$(mktemp -d "$cache/fetch.XXXXXX")
    # apt's download user may otherwise be unable to write there, and apt says so at length.
    chmod 755 "$work"
    trap 'rm -rf "$work"' EXIT
    echo "Fetching $PACKAGES into $cache (about 30 MB, once) ..."
    if ! download; then
        echo "The system's package lists do not do; fetching lists of our own (about 10 MB) ..."
        own_lists || {
            sed 's/^/    /' "$work/apt.log" >&2
            fail "cannot download $PACKAGES (see above). Without network this cannot work; with" \
                "stale or missing package lists, try: sudo apt-get update"
        }
    fi
    for package in "$work"/*.deb; do
        dpkg -x "$package" "$work/unpacked" || fail "cannot unpack $package"
    done
    rm -rf "$cache/peers" # of an earlier, incomplete try
    mv "$work/unpacked" "$cache/peers"
    mkdir -p "$cache/bin"
    for program in $PROGRAMS; do
        ln -sf "../peers/usr/bin/$program" "$cache/bin/$program"
    done
    relocate prometheus-alertmanager
    for program in $REDIS; do
        with_libraries "$program"
    done
    complete || fail "the packages do not hold $PROGRAMS"
}

complete || fetch
versions
