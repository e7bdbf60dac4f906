#!/usr/bin/env bash
# Fuzzes the readers' parsers with afl-fuzz; see docs/fuzzing.md. Everything it makes is under artifacts/fuzz.
#
#   fuzz.sh [--seconds N] [--jobs J] [TARGET…]   N seconds each (300), J at once (1), all targets or those named
#   fuzz.sh --list                               the targets
#   fuzz.sh --replay TARGET FILE                 runs one input and says what happened
#   fuzz.sh --no-build …                         uses the build of the run before
#
# Ends with a table; exit code 1 when something was found.
set -uo pipefail
cd "$(dirname "$0")/../.."
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1

work=artifacts/fuzz
plain=$work/plain               # As built, for replays.
instrumented=$work/instrumented # The same, with the library changed for afl.
seconds=300
jobs=1
build=true
mkdir -p "$work"

fail() { echo "$*" >&2; exit 2; }

install_what_is_missing() {
  command -v dotnet >/dev/null || fail "The .NET SDK named in global.json is missing; this script does not install it."
  command -v afl-fuzz >/dev/null && return
  echo "installing afl++"
  local root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo -n)
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get -qq update && apt-get -qq install -y --no-install-recommends afl++' >"$work/apt.log" 2>&1 ||
    { tail -n 5 "$work/apt.log"; fail "afl-fuzz is missing, and apt-get could not install afl++."; }
}

# The tests come with it: their frames are the corpus.
build_both() {
  echo "building"
  dotnet build tests/RufusIngest.Tests -c Release --artifacts-path "$work/build" >"$work/build.log" 2>&1 ||
    { grep -E 'error|warning' "$work/build.log" | sort -u | head; fail "The build failed: $work/build.log"; }
  instrument "$work/build/bin/RufusIngest.Tests/release"
}

# Only the library is instrumented: what the slow readings do is no way through a parser.
instrument() {
  rm -rf "$plain" "$instrumented" "$work/corpus"
  cp -r "$1" "$plain" && cp -r "$plain" "$instrumented" || fail "There is no build in $1."
  { dotnet tool restore && dotnet sharpfuzz "$instrumented/RufusIngest.dll"; } >"$work/tool.log" 2>&1 ||
    { tail -n 5 "$work/tool.log"; fail "SharpFuzz could not instrument the library."; }
  program corpus "$work/corpus" || fail "The corpus could not be written."
}

program() { dotnet "$plain/RufusIngest.Fuzz.dll" "$@"; }

fuzz_one() {
  local target=$1 out=$work/$1
  rm -rf "$out"
  AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 \
    nice -n 15 afl-fuzz -i "$work/corpus/$target" -o "$out" -m none -t 10000 -G 6000 -V "$seconds" \
    dotnet "$instrumented/RufusIngest.Fuzz.dll" run "$target" >"$work/$target.log" 2>&1 </dev/null
  report_one "$target"
}

# One line of the table: target, executions, executions/s, corpus, crashes, hangs.
report_one() {
  local stats=$work/$1/default/fuzzer_stats
  [ -s "$stats" ] || { printf '%-18s did not start: %s\n' "$1" "$work/$1.log"; return; }
  awk -v target="$1" '{ v[$1] = $3 } END {
    printf "%-18s %12d %8.0f %7d %8d %6d\n", target, v["execs_done"], v["execs_per_sec"], v["corpus_count"],
      v["saved_crashes"], v["saved_hangs"] }' "$stats"
}

while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2; shift 2 ;;
    --jobs) jobs=$2; shift 2 ;;
    --no-build) build=false; shift ;;
    --list) list=true; shift ;;
    --replay) replay=("$2" "$3"); shift 3 ;;
    -*) fail "There is no option $1; the first lines of this script name them." ;;
    *) break ;;
  esac
done

$build && { install_what_is_missing; build_both; }
[ -d "$plain" ] || fail "There is no build yet; leave out --no-build."
[ -z "${list:-}" ] || { program list; exit; }
[ -z "${replay:-}" ] || { program replay "${replay[@]}"; exit; }

mapfile -t targets < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else program list; fi)
for target in "${targets[@]}"; do
  [ -d "$work/corpus/$target" ] || fail "There is no target $target."
done
export work instrumented seconds
export -f fuzz_one report_one
echo "${#targets[@]} targets, $seconds s each, $jobs at once"
printf '%s\n' "${targets[@]}" | xargs -P "$jobs" -I{} bash -c 'fuzz_one {}' >"$work/table.txt"
printf '%-18s %12s %8s %7s %8s %6s\n' target executions per-s corpus crashes hangs
sort "$work/table.txt"
crashes=$(for target in "${targets[@]}"; do
  find "$work/$target" -path '*/default/crashes/id*' -o -path '*/default/hangs/id*'
done | sort)
[ -z "$crashes" ] && ! grep -q 'did not start' "$work/table.txt" && exit 0
echo "$crashes"
exit 1
