#!/usr/bin/env bash
# Times the making of a cluster with one control-plane node and three workers,
# a node that joins and leaves, and the removal of it all. Binaries and the node
# image are made first if they are not cached, and counted apart.
# Flags are handed to `dsconform cluster create`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

name=dsconform-bench
bin=./bin/dsconform
log="$(mktemp)"
out="$(mktemp)"
cleanup() {
  local code=$?
  trap - EXIT
  "$bin" cluster delete --name "$name" >>"$log" 2>&1 || true
  rm -f -- "$log" "$out"
  exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# timed runs a command and prints one line: what it was, and how long it took.
timed() {
  local what="$1" started="$EPOCHREALTIME" code=0
  shift
  "$@" >"$out" 2>"$log" || code=$?
  if ((code)); then
    echo "$what failed (exit code $code):" >&2
    sed 's/^/   /' "$log" >&2
    exit "$code"
  fi
  printf '%-34s %7.1f s\n' "$what" "$(((${EPOCHREALTIME//[!0-9]/} - ${started//[!0-9]/}) / 100000))e-1"
}

timed "first cluster, caches as they are" "$bin" cluster create --name "$name" --workers 3 "$@"
timed "its removal" "$bin" cluster delete --name "$name"
timed "cluster of 4 nodes, warm" "$bin" cluster create --name "$name" --workers 3 "$@"
timed "a node joins" "$bin" cluster node add --name "$name"
node="$(tail -n 1 "$out")"
timed "it leaves" "$bin" cluster node remove --name "$name" "$node"
timed "removal" "$bin" cluster delete --name "$name"
