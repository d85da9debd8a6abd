#!/usr/bin/env bash
# Every Go file is formatted as gofmt -s does it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

files="$(find . -name '*.go' -not -path './out/*' -print0 | xargs -0 gofmt -s -l)"
if [[ -n "$files" ]]; then
  echo "not formatted (hack/update-gofmt.sh does it):"
  echo "$files"
  exit 1
fi
