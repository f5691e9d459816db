#!/usr/bin/env bash
# One harness on all platforms: see examples/elf_function.rs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source scripts/setup.sh
echo "Building. The first time takes some minutes: Unicorn's C sources are compiled."
cargo run --quiet --features unicorn --example elf_function
