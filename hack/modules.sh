#!/usr/bin/env bash
# Prints the folder of every module with Go code of ours, one a line, the
# repository's own first. Those that only pin a tool have none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find . -name go.mod -not -path './out/*' -printf '%h\n' | sort | while IFS= read -r module; do
  if find "$module" -name '*.go' -print -quit | grep -q .; then
    echo "$module"
  fi
done
