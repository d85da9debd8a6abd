#!/usr/bin/env bash
# Tidies every module.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

while IFS= read -r -d '' mod; do
  (cd "$(dirname "$mod")" && go mod tidy)
done < <(find . -name go.mod -not -path './out/*' -print0)
