#!/usr/bin/env bash
# go.mod and go.sum of every module are what go mod tidy makes of them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stale=0
while IFS= read -r -d '' mod; do
  (cd "$(dirname "$mod")" && go mod tidy -diff) || { echo "$mod is not tidy"; stale=1; }
done < <(find . -name go.mod -not -path './out/*' -print0)
if ((stale)); then
  echo "hack/update-tidy.sh tidies"
  exit 1
fi
