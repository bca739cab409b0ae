# What the scripts share. Sourced, never run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
tools=$root/.tools

# Our own tools first: they are there only because the ones on the machine were missing or of
# another version. wasm-opt comes from npm: distributions carry one that is too old for rustc.
export PATH="$tools/bin:$root/end2end/node_modules/.bin:$PATH"

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

# The version of crate $1 in Cargo.lock.
locked_version() {
    awk -v crate="name = \"$1\"" '$0 == crate { getline; gsub(/version = |"/, ""); print; exit }' Cargo.lock
}

# Runs a command for at most $1 seconds; macOS has no timeout, and there it may take as long as it likes.
within() {
    if have timeout; then timeout "$@"; else shift && "$@"; fi
}

# The browser for the tests; prints nothing when there is none.
find_chromium() {
    local browser
    for browser in "${CHROMIUM:-}" chromium google-chrome google-chrome-stable; do
        if [ -n "$browser" ] && have "$browser" && within 20 "$browser" --version >/dev/null 2>&1; then
            command -v "$browser"
            return 0
        fi
    done
    browser=$(cd end2end && node -e 'console.log(require("@playwright/test").chromium.executablePath())' 2>/dev/null || true)
    if [ -x "$browser" ]; then printf '%s\n' "$browser"; fi
}

# The folder of PostgreSQL's server programs; prints nothing when there is none.
find_postgres() {
    local dir
    if have initdb && have pg_ctl; then dirname "$(command -v initdb)"; return 0; fi
    for dir in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin 2>/dev/null | sort -rV); do
        if [ -x "$dir/initdb" ]; then printf '%s\n' "$dir"; return 0; fi
    done
}
