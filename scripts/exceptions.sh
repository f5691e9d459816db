#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# C++ exceptions in whole programs of other processors: builds
# tests/fixtures/linux/exceptions.cpp statically with Debian's compilers
# (g++-*-linux-gnu, as far as they are installed), runs it on both backends, and
# compares with what it prints on the host. The programs hold the compiler's own
# runtime, so they are not kept.
#
#   scripts/exceptions.sh [TARGET ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
TERRELLA=${TERRELLA:-target/debug/terrella}
source=tests/fixtures/linux/exceptions.cpp
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

[ -x "$TERRELLA" ] || { echo "exceptions.sh: $TERRELLA is not there: cargo build -p terrella-cli --features unicorn" >&2; exit 2; }
g++ -O1 -DQSORT "$source" -o "$scratch/host"
"$scratch/host" >"$scratch/expected"
targets=${*:-x86_64 aarch64 arm riscv64 powerpc64le s390x mips64el}
status=0
for target in $targets; do
    case $target in
    arm) compiler=arm-linux-gnueabihf-g++ ;;
    mips64el) compiler=mips64el-linux-gnuabi64-g++ ;;
    *) compiler=$target-linux-gnu-g++ ;;
    esac
    if ! command -v "$compiler" >/dev/null; then
        echo "$target: not run, $compiler is not installed"
        continue
    fi
    "$compiler" -O1 -DQSORT -static "$source" -o "$scratch/program"
    for backend in native unicorn; do
        # z/Architecture has no specification, and Unicorn no such PowerPC; its
        # `ll` of MIPS does not work above 2 GiB, where the stack of n64 is.
        case $target$backend in s390xnative | powerpc64leunicorn | mips64elunicorn) continue ;; esac
        if "$TERRELLA" run --backend "$backend" "$scratch/program" >"$scratch/printed" 2>&1 &&
            cmp -s "$scratch/printed" "$scratch/expected"; then
            echo "$target on $backend: as on the host"
        else
            echo "$target on $backend: differs: $(tail -1 "$scratch/printed")"
            status=1
        fi
    done
done
exit $status
