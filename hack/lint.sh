#!/usr/bin/env bash
# The linters of .golangci.yml find nothing. golangci-lint is pinned in
# hack/tools/go.mod; the first run builds it, which takes minutes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

root="$PWD"
modules="$(hack/modules.sh)"
for module in $modules; do
  (cd "$module" && go tool -modfile="$root/hack/tools/go.mod" golangci-lint run --config="$root/.golangci.yml" "$@" ./...)
done
