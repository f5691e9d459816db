#!/usr/bin/env bash
# Runs a fuzz target: scripts/fuzz.sh TARGET [SECONDS]. Findings are written to
# fuzz/artifacts/TARGET, what was learnt to fuzz/corpus/TARGET.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets=$(basename -s .rs fuzz/targets/*.rs | paste -sd ' ')
target=${1:-}
if [[ ! " $targets " == *" $target "* || -z $target ]]; then
    echo "usage: scripts/fuzz.sh TARGET [SECONDS]" >&2
    echo "targets: $targets" >&2
    exit 2
fi
if ! command -v cargo-fuzz > /dev/null; then
    echo "Installing cargo-fuzz."
    cargo install --locked cargo-fuzz
fi

corpus=fuzz/corpus/$target
mkdir -p "$corpus"
seeds=()
length=8192
case $target in
    specification) seeds=(fuzz/seeds/specification) ;;
    file) seeds=(tests/fixtures/library) ;;
    program) seeds=(tests/fixtures/linux) length=262144 ;;
    core_dump) seeds=(tests/fixtures/core) length=262144 ;;
    minidump) seeds=(tests/fixtures/minidump) length=262144 ;;
    text) seeds=(tests/fixtures/core/context) ;;
esac
# Instrumentation for coverage is a feature of the unstable compiler; nothing
# here needs a sanitizer, for nothing but the engine's fast paths is unsafe.
export RUSTC_BOOTSTRAP=1
exec cargo fuzz run --sanitizer none "$target" "$corpus" "${seeds[@]}" -- \
    -max_total_time="${2:-60}" -rss_limit_mb=4096 -timeout=30 -max_len="$length"
