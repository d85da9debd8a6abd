#!/usr/bin/env bash
# Writes every generated file below the folder given, under the path it has in
# the repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

to="${1:?usage: hack/generate.sh FOLDER}"
mkdir -p "$to/reports" "$to/docs" "$to/hack/mutation/result"

# By way of a new file: one that cannot be made leaves the old one whole.
into() {
  local file="$to/$1"
  shift
  "$@" >"$file.new"
  mv -- "$file.new" "$file"
}

bin="$(mktemp -d)"
trap 'rm -rf -- "$bin"' EXIT
# As the Makefile builds it: another build would compile everything once more.
CGO_ENABLED=0 go build -trimpath -o "$bin/dsconform" ./cmd/dsconform

into reports/report.schema.json go run ./hack/schema report
into hack/mutation/result/result.schema.json go run ./hack/schema mutation
into docs/catalogue.md "$bin/dsconform" catalogue --markdown
into docs/cli.md "$bin/dsconform" docs
