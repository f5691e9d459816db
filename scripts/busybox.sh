#!/usr/bin/env bash
# Runs Debian's programs for other processors with `terrella run`, beside the
# host's own and qemu-user, and prints a table of what came out. They are
# fetched as packages into a cache and unpacked there; nothing is installed, and
# no rights are needed.
#
#   scripts/busybox.sh                    both parts, every architecture
#   scripts/busybox.sh busybox arm64      one part, some architectures
#   scripts/busybox.sh dynamic            lua5.4, sqlite3 and python3 with their libraries
#
# TERRELLA is the program to use (else it is built), TERRELLA_OPTIONS what it is
# given (`--backend unicorn`), TERRELLA_PACKAGES the cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache=${TERRELLA_PACKAGES:-${XDG_CACHE_HOME:-$HOME/.cache}/terrella-packages}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
options=(${TERRELLA_OPTIONS:-})
host=$(dpkg --print-architecture)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say() { printf '%s\n' "$*" >&2; }

# The architectures of Debian 12; RISC-V came with 13. No specification of
# s390x is there, which Unicorn runs.
architectures="amd64 i386 arm64 armhf armel mipsel mips64el ppc64el riscv64 s390x"
suite_of() { case $1 in riscv64) echo trixie ;; *) echo bookworm ;; esac; }
qemu_of() {
    case $1 in
    amd64) echo qemu-x86_64 ;; arm64) echo qemu-aarch64 ;; armhf | armel) echo qemu-arm ;;
    ppc64el) echo qemu-ppc64le ;; *) echo "qemu-$1" ;;
    esac
}

# apt ARCHITECTURE ARGUMENTS…: apt-get with lists and a cache of its own.
apt() {
    local architecture=$1 folder=$cache/$1/apt
    shift
    mkdir -p "$folder"/{lists/partial,archives/partial,state}
    : >"$folder/status"
    echo "deb $mirror $(suite_of "$architecture") main" >"$folder/sources.list"
    apt-get -q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$folder/state" -o Dir::State::lists="$folder/lists" \
        -o Dir::State::status="$folder/status" -o Dir::Cache="$folder" -o APT::Architecture="$architecture" \
        -o APT::Architectures="$architecture" -o Acquire::Languages=none -o Debug::NoLocking=true \
        -o APT::Sandbox::User=root -o APT::Install-Recommends=false "$@"
}

# fetch ARCHITECTURE FOLDER PACKAGES…: unpacks packages, and with
# `--with-dependencies` what they need, into a folder of the cache.
fetch() {
    local architecture=$1 folder=$cache/$1/$2
    shift 2
    [ -e "$folder/.complete" ] && return
    say "fetching $* for $architecture"
    [ -e "$cache/$architecture/apt/state/updated" ] || apt "$architecture" update >/dev/null
    touch "$cache/$architecture/apt/state/updated"
    rm -rf "$folder" "$cache/$architecture/apt/archives"/*.deb
    mkdir -p "$folder"
    if [ "$1" = --with-dependencies ]; then
        shift
        apt "$architecture" install --download-only --yes "$@" >/dev/null
    else
        (cd "$cache/$architecture/apt/archives" && apt "$architecture" download "$@" >/dev/null)
    fi
    for package in "$cache/$architecture/apt/archives"/*.deb; do
        dpkg-deb --extract "$package" "$folder"
    done
    # Where all libraries are in usr/, links lead there, which no package has.
    for name in bin lib; do
        [ -e "$folder/$name" ] || ln -s "usr/$name" "$folder/$name"
    done
    touch "$folder/.complete"
}

# Runs a command with its output, errors and status in files of a name.
capture() {
    local name=$1 status=0
    shift
    "$@" >"$scratch/$name" 2>"$scratch/$name.errors" </dev/null || status=$?
    echo "status $status" >>"$scratch/$name"
}

# same NAME OTHER: whether two of them printed the same.
same() { cmp -s "$scratch/$1" "$scratch/$2" && echo same || echo DIFFERS; }

# What the program is asked to do, in a folder that is empty.
script='
i=0
while [ $i -lt 300 ]; do echo "line $((i * 7919 % 1000)) of $i"; i=$((i + 1)); done >lines
sha256sum lines
sort -k2n lines | head -n 4
sort -r lines | uniq | wc -l
awk "{ sum += \$2; count[\$2 % 7]++ } END { printf \"%d %.3f\\n\", sum, sum / NR; for (i = 0; i < 7; i++) print i, count[i] }" lines
grep -c "9 of" lines
grep -E "^line (1|2)[0-9]{2} " lines | tail -n 3
gzip -c lines >lines.gz
gzip -d <lines.gz | cmp - lines && echo unpacked
mkdir -p tree/a/b && cp lines tree/a/b && ln -s b tree/a/link
tar cf tree.tar tree && rm -r tree && tar xf tree.tar && find tree | sort
md5sum tree/a/link/lines
sh -c "for word in one two three; do echo \$word; done | tr a-z A-Z | sed s/T/t/g"
seq 1 20 | xargs -n 6 echo
(exit 3) || echo "status $?"
trap "echo signal" USR1; kill -USR1 $$
sleep 0.01 & wait && echo waited
sh -c "kill -TERM \$\$"; echo "killed: $?"
printf "%s %05.2f %x\n" text 3.14159 255
dd if=/dev/zero bs=1000 count=3 2>/dev/null | od -A d -t x1 | tail -n 1
exit 7
'

# One program after the other: without help of its kernel, qemu-user does not
# begin further programs of another processor, as a shell does.
single() {
    "$@" sha256sum lines
    "$@" sort -k2nr lines | head -n 9
    "$@" awk '{ sum += $2 } END { printf "%d %.6f\n", sum, sum / NR }' lines
    "$@" grep -n '7 of' lines
    "$@" gzip -d -c lines.gz | cksum
    "$@" tar tvf tree.tar
    "$@" sh -c 'for i in 1 2 3; do echo $((i * i)); done; exit 9'
}

part_busybox() {
    fetch "$host" busybox busybox-static
    mkdir "$scratch/host"
    local bin=bin/busybox
    find_bin() { for bin in "$cache/$1/busybox"/{bin,usr/bin}/busybox; do [ -e "$bin" ] && break; done; }
    find_bin "$host"
    capture busybox.host env -i -C "$scratch/host" PATH=/nowhere "$bin" sh -c "$script"
    printf '%-14s %-10s %-10s %14s %9s\n' architecture host qemu-user instructions seconds
    for architecture in "$@"; do
        fetch "$architecture" busybox busybox-static
        find_bin "$architecture"
        local begin=$EPOCHREALTIME
        capture "busybox.$architecture" "$terrella" run --count "${options[@]}" --cwd /tmp "$bin" sh -c "$script"
        local seconds count qemu=none emulator
        seconds=$(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $begin }")
        count=$(sed -n 's/^\([0-9]*\) instructions$/\1/p' "$scratch/busybox.$architecture.errors")
        emulator=$(qemu_of "$architecture")
        if command -v "$emulator" >/dev/null; then
            capture "single.$architecture" single "$terrella" run "${options[@]}" --mount "$scratch/host:/data" \
                --cwd /data "$bin"
            capture "qemu.$architecture" single env -C "$scratch/host" "$(command -v "$emulator")" "$bin"
            qemu=$(same "single.$architecture" "qemu.$architecture")
        fi
        printf '%-14s %-10s %-10s %14s %9s\n' "$architecture" "$(same "busybox.$architecture" busybox.host)" \
            "$qemu" "${count:-?}" "$seconds"
        keep "busybox.$architecture" "single.$architecture" "qemu.$architecture"
    done
}

lua='
local t = {}
for i = 1, 2000 do t[i] = (i * 7919) % 2003 end
table.sort(t)
print(#t, t[1], t[1000], t[2000], 2^53, 10 // 3, -7 % 3, 1 / 3)
print(string.format("%5.2f|%-6s|%x|%q", math.pi, "ab", 255, "a\nb"), ("hello"):rep(3, "-"):upper())
for word, n in ("one=1, two=2"):gmatch("(%w+)=(%d+)") do io.write(word, ":", n + 0.5, " ") end
print(pcall(error, { code = 42 }), select("#", coroutine.wrap(function(...) coroutine.yield(...) end)(1, nil, 3)))
print(os.time({ year = 2024, month = 1, day = 1, hour = 12 }) > 0, math.floor(math.sin(1) * 1e6), string.pack(">i4", 7):byte(1, -1))
os.exit(5)
'
sql='
create table t (id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 500)
  insert into t select i, printf("name %03d", i * 37 % 500), i * 1.5 from n;
create index by_name on t (name);
select count(*), sum(value), avg(value), max(name) from t;
select name, value from t where name between "name 100" and "name 104" order by name;
select hex(randomblob(0)), abs(-5), round(2.567, 2), upper("abc"), json_extract("{\"a\": [1, 2, 3]}", "$.a[1]");
select group_concat(name, ",") from (select name from t order by value desc limit 4);
'
python='
import sys, math
words = sorted({w: len(w) for w in "the quick brown fox jumps over the lazy dog".split()}.items())
print(words, 2 ** 100, 7 / 3, -7 // 2, math.factorial(20))
try:
    [][1]
except IndexError as error:
    print(repr(error))
print([x for x in range(50) if all(x % y for y in range(2, x))], f"{math.pi:.10f}", "ä".encode())
sys.exit(4)
'

part_dynamic() {
    local packages=(lua5.4 sqlite3 python3-minimal libpython3-stdlib libc-bin)
    fetch "$host" dynamic --with-dependencies "${packages[@]}"
    printf '%-14s %-10s %-10s %-10s\n' architecture lua5.4 sqlite3 python3
    # The host's loader and libraries, from the same packages.
    run_host() { env -i "$cache/$host/dynamic$(loader "$cache/$host/dynamic")" \
        --library-path "$(libraries "$cache/$host/dynamic")" "$@"; }
    capture lua.host run_host "$cache/$host/dynamic/usr/bin/lua5.4" -e "$lua"
    capture sqlite.host run_host "$cache/$host/dynamic/usr/bin/sqlite3" :memory: "$sql"
    capture python.host run_host --argv0 python3 "$(python_of "$cache/$host/dynamic")" -S -c "$python"
    for architecture in "$@"; do
        fetch "$architecture" dynamic --with-dependencies "${packages[@]}"
        local root=$cache/$architecture/dynamic
        capture "lua.$architecture" "$terrella" run "${options[@]}" --sysroot "$root" "$root/usr/bin/lua5.4" -e "$lua"
        capture "sqlite.$architecture" "$terrella" run "${options[@]}" --sysroot "$root" "$root/usr/bin/sqlite3" \
            :memory: "$sql"
        capture "python.$architecture" "$terrella" run "${options[@]}" --env PYTHONHOME=/usr --sysroot "$root" \
            "$(python_of "$root")" -S -c "$python"
        printf '%-14s %-10s %-10s %-10s\n' "$architecture" "$(same "lua.$architecture" lua.host)" \
            "$(same "sqlite.$architecture" sqlite.host)" "$(same "python.$architecture" python.host)"
        keep "lua.$architecture" "sqlite.$architecture" "python.$architecture"
    done
}

loader() { (cd "$1" && find . -name 'ld-linux*.so*' | sed 's/^\.//' | sort | head -n 1); }
libraries() { find "$1" -name 'lib*.so*' -printf '%h\n' | sort -u | paste -sd :; }
python_of() { find "$1/usr/bin" -name 'python3.[0-9]*' | sort | head -n 1; }

# What was printed stays where somebody wants it.
keep() {
    [ -n "${TERRELLA_KEEP:-}" ] || return 0
    mkdir -p "$TERRELLA_KEEP"
    for name in "$@"; do cp "$scratch/$name" "$scratch/$name.errors" "$TERRELLA_KEEP"; done
    cp "$scratch"/*.host "$TERRELLA_KEEP"
}

terrella=${TERRELLA:-}
if [ -z "$terrella" ]; then
    cargo build --quiet -p terrella-cli --features unicorn
    terrella=target/debug/terrella
fi
parts="busybox dynamic"
case ${1:-} in busybox | dynamic) parts=$1 && shift ;; esac
for part in $parts; do
    "part_$part" ${*:-$architectures}
done
