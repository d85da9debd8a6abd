#!/usr/bin/env bash
# Runs every hack/verify-*.sh and prints one line for each, with its duration.
# What one of them has to say is shown if it fails; the others still run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=()
log="$(mktemp)"
trap 'rm -f -- "$log"' EXIT
for script in hack/verify-*.sh; do
  name="$(basename "$script" .sh)"
  name="${name#verify-}"
  started="$EPOCHREALTIME"
  if "$script" >"$log" 2>&1; then
    mark=ok
  else
    mark='!!'
    failed+=("$name")
  fi
  # EPOCHREALTIME has six decimals after the locale's point.
  printf '%s %-10s %6d ms\n' "$mark" "$name" "$(((${EPOCHREALTIME//[!0-9]/} - ${started//[!0-9]/}) / 1000))"
  [[ "$mark" == ok ]] || sed 's/^/   /' "$log"
done
if ((${#failed[@]})); then
  echo "verify: failed: ${failed[*]} (make update repairs what a program can)" >&2
  exit 1
fi
