# shellcheck shell=bash
# What the scripts share. Sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
tools=$root/.tools

# Our own tools first: they are there only because the ones on the machine were missing or of
# another version. wasm-opt comes from npm: distributions carry one that is too old for rustc.
export PATH="$tools/bin:$root/end2end/node_modules/.bin:$PATH"
# Python's packages, where the machine has none of them.
if [ -d "$tools/python" ]; then export PYTHONPATH="$tools/python${PYTHONPATH:+:$PYTHONPATH}"; fi
# Names the fonts in .tools/deb.
if [ -f "$tools/fonts.conf" ]; then export FONTCONFIG_FILE="$tools/fonts.conf"; fi

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

# minutes and seconds since $1 (a value of $SECONDS)
since() {
    local passed=$((SECONDS - $1))
    if ((passed < 60)); then printf '%d s' "$passed"; else printf '%d min %d s' $((passed / 60)) $((passed % 60)); fi
}

# Whether $1 answers within $2 seconds.
answers() {
    if have curl; then
        curl -fsS -o /dev/null --max-time "$2" "$1" 2>/dev/null
    else
        node -e 'fetch(process.argv[1],{signal:AbortSignal.timeout(1000*process.argv[2])}).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))' "$1" "$2"
    fi
}

# Prints what is at $1, for at most $2 seconds. node does it as well: curl may be missing, and node is not.
download() {
    if have curl; then
        curl -fsSL --max-time "$2" "$1"
    else
        node -e 'fetch(process.argv[1],{signal:AbortSignal.timeout(1000*process.argv[2])})
            .then(r=>r.ok?require("stream/promises").pipeline(r.body,process.stdout):Promise.reject())
            .then(()=>process.exit(0),()=>process.exit(1))' "$1" "$2"
    fi
}

free_port() {
    node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

# How to become root without being asked anything; fails when there is no way.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif have sudo && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

# Installs Debian or Ubuntu packages if that is possible without a question.
apt_install() {
    have apt-get && as_root true || return 1
    say "   apt-get install $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >"$tools/apt.log" 2>&1 && return 0
    # The package lists may be missing or old.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >>"$tools/apt.log" 2>&1 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >>"$tools/apt.log" 2>&1
}

# Without root: fetches Debian or Ubuntu packages, with what they need and the machine lacks, and lays
# them out in .tools/deb. apt picks and checks them as ever, from lists and a cache of its own here.
apt_unpack() {
    if as_root true || ! have apt-get; then return 1; fi
    if (($# > 3)); then say "   without root: $# apt packages into .tools/deb"; else say "   without root: apt packages $* into .tools/deb"; fi
    own_apt
    apt-get install -y -q --no-install-recommends --download-only "$@" >>"$tools/apt.log" 2>&1 || return 1
    local package
    for package in "$tools"/apt/archives/*.deb; do
        if [ -f "$package" ]; then dpkg-deb -x "$package" "$tools/deb" && rm "$package" || return 1; fi
    done
}

# Makes apt, also where Playwright calls it, work in .tools/apt instead of where only root may write.
own_apt() {
    if [ "${APT_CONFIG:-}" = "$tools/apt/conf" ]; then return 0; fi
    mkdir -p "$tools/apt/lists/partial" "$tools/apt/archives/partial" "$tools/deb"
    rm -f "$tools"/apt/archives/*.deb
    printf '%s "%s";\n' Dir::State "$tools/apt" Dir::State::status /var/lib/dpkg/status Dir::Cache "$tools/apt" \
        Debug::NoLocking true >"$tools/apt/conf"
    export APT_CONFIG=$tools/apt/conf
    apt-get update -q >"$tools/apt.log" 2>&1 || true
}

# Makes the program $2 a tool named $1 that finds the libraries in .tools/deb, some of which lie in
# folders of their own. One that does not run even so must not hide another that does.
wrap() {
    local libraries
    libraries=$(find "$tools/deb/lib" "$tools/deb/usr/lib" -name 'lib*.so*' -printf '%h\n' 2>/dev/null | sort -u | paste -sd: -)
    cat >"$tools/bin/$1" <<WRAPPER
#!/bin/sh
# Written by scripts/setup: .tools/deb holds packages that only root could install.
LD_LIBRARY_PATH="$libraries" exec "$2" "\$@"
WRAPPER
    chmod 755 "$tools/bin/$1"
    if ! runs "$tools/bin/$1"; then rm "$tools/bin/$1"; return 1; fi
}

# Builds server and site, the wasm in parts that pages fetch when they need them (docs/adr/0013).
build_shop() { LEPTOS_HASH_FILES=true cargo leptos build --split --lib-features split "$@"; }

# The same for use. The site goes beside the binary, where `noren serve` looks first: target/site is
# rebuilt for the tests too.
build_release() {
    build_shop --release --precompress
    rm -rf target/release/site
    cp -R target/site target/release/site
}

# Builds the program $1 in version $2 from crates.io into .tools/bin; the rest goes to cargo.
# What it was built in stays in .tools/build, for a tool that shares some of it; the caller clears it away.
# Its authors' Cargo.lock is asked for first. It may name a version that was withdrawn, or that a mirror of
# the registry does not have (yet): then the newest versions its Cargo.toml allows take their place.
built_from_crates() {
    local name=$1 version=$2
    shift 2
    local build=(cargo install "$name" --version "$version" --root "$tools" --target-dir "$tools/build" "$@")
    if ! "${build[@]}" --locked; then
        say "   not with the versions its authors locked; trying the newest that it allows"
        "${build[@]}"
    fi
}

# The version of crate $1 in Cargo.lock.
locked_version() {
    awk -v crate="name = \"$1\"" '$0 == crate { getline; gsub(/version = |"/, ""); print; exit }' Cargo.lock
}

# Runs a command for at most $1 seconds; macOS has no timeout, and there it may take as long as it likes.
within() {
    if have timeout; then timeout "$@"; else shift && "$@"; fi
}

# Whether a program can be started here: one without its libraries is a file like any other.
runs() { have "$1" && within 20 "$1" --version >/dev/null 2>&1; }

# Where Playwright keeps its browser, whether it is there or not.
playwright_browser() {
    (cd end2end && node -e 'console.log(require("@playwright/test").chromium.executablePath())') 2>/dev/null || true
}

# A snap keeps a /tmp of its own and may not see ours. Who wants one names it in CHROMIUM.
is_snap() { [ "$(readlink -f "$(command -v "$1")")" = /usr/bin/snap ]; }

# The browser for the tests; prints nothing when there is none that runs. The one that cannot open a window comes
# first: it takes a fifth less of the machine (the same 15 tests in turns: 64 and 65 s, with the other 79 and 83 s).
find_chromium() {
    local browser
    if [ -n "${CHROMIUM:-}" ] && runs "$CHROMIUM"; then command -v "$CHROMIUM"; return 0; fi
    for browser in chromium-headless-shell chromium google-chrome google-chrome-stable "$(playwright_browser)"; do
        if [ -n "$browser" ] && ! is_snap "$browser" && runs "$browser"; then
            command -v "$browser"
            return 0
        fi
    done
}

# Whether a Python here can check signatures, as scripts/verify-ledger.py does.
ledger_python() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import cryptography.hazmat.primitives.asymmetric.ed25519' 2>/dev/null; then return 0; fi
    done
    return 1
}

# The folder of PostgreSQL's server programs; prints nothing when there is none that runs.
find_postgres() {
    local dir
    for dir in "$(dirname "$(command -v initdb || true)")" \
        $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin 2>/dev/null | sort -rV); do
        if runs "$dir/initdb" && runs "$dir/pg_ctl"; then printf '%s\n' "$dir"; return 0; fi
    done
}
