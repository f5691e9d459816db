#!/usr/bin/env bash
# All tests: unit tests, integration tests, examples built, documentation run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/setup.sh
cargo test --workspace --features unicorn "$@"
