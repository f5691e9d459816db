# Sourced by demo.sh and test.sh: what the build of Unicorn needs.
#
# Unicorn's C sources come with its crate. Building them takes cmake, and its
# bindings are made with libclang, which needs the headers that Clang brings.

# Whether there is a libclang, under the names that the bindings' generator
# looks for, in the given folders or in all usual ones. `libclang-cpp` is
# another library.
has_libclang() {
    local folder name
    [ $# -gt 0 ] || set -- /usr/lib /usr/lib/*-linux-* /usr/lib/llvm-*/lib /usr/local/lib
    for folder in "$@"; do
        for name in 'libclang.so*' 'libclang-[0-9]*.so*'; do
            compgen -G "$folder/$name" >/dev/null && return
        done
    done
    return 1
}

# Says which Debian packages are missing, one a line.
missing_packages() {
    command -v cmake >/dev/null || echo cmake
    # A C compiler and make, for cmake.
    if ! command -v cc >/dev/null || ! command -v c++ >/dev/null || ! command -v make >/dev/null; then
        echo build-essential
    fi
    # LIBCLANG_PATH is where the bindings' generator looks first.
    if [ -z "${LIBCLANG_PATH:-}" ] && ! has_libclang; then
        echo libclang1-14
    fi
    if [ -z "${BINDGEN_EXTRA_CLANG_ARGS:-}" ] &&
        ! compgen -G '/usr/lib/llvm-*/lib/clang/*/include/stdbool.h' >/dev/null &&
        ! compgen -G '/usr/lib/clang/*/include/stdbool.h' >/dev/null; then
        # Those of the libclang that is there, if one is.
        local folder version=14
        for folder in /usr/lib/llvm-*; do
            has_libclang "$folder/lib" && version=${folder##*-}
        done
        echo "libclang-common-$version-dev"
    fi
}

# Installs them, with libclang-dev in place of names that the system does not
# have.
install_packages() {
    local wanted=("$@") package names=()
    if ! command -v apt-get >/dev/null; then
        echo "These packages are missing (Debian names): ${wanted[*]}" >&2
        echo "Please install what your system calls them and start again." >&2
        return 1
    fi
    local root=()
    if [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "Please run as root: apt-get install ${wanted[*]}" >&2
            return 1
        fi
        root=(sudo)
    fi
    echo "Installing missing packages: ${wanted[*]}"
    "${root[@]}" apt-get update -q
    for package in "${wanted[@]}"; do
        if [[ $package == libclang* ]] && ! apt-cache show "$package" >/dev/null 2>&1; then
            echo "There is no $package here; taking libclang-dev."
            package=libclang-dev
        fi
        names+=("$package")
    done
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${names[@]}"
}

if ! command -v cargo >/dev/null; then
    echo "cargo is missing: install Rust 1.95 or later from https://rustup.rs" >&2
    exit 1
fi

missing=$(missing_packages)
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086 # one word for each package
    install_packages $missing
fi

# If the system has a Unicorn for developers, Unicorn's crate would link that
# one, of whatever version. This variable of the `pkg-config` crate hides
# Unicorn from it, and nothing else. It is only set where it is needed: a
# change of it makes cargo build the C sources again.
if command -v pkg-config >/dev/null && pkg-config --exists 'unicorn >= 2'; then
    echo "Leaving the installed Unicorn $(pkg-config --modversion unicorn) alone: the crate's own is built."
    export UNICORN_NO_PKG_CONFIG=1
fi
