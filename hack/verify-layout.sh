#!/usr/bin/env bash
# Every folder with Go files says in its package comment what lives there, and
# no file has grown past what is read in one go.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

limit=400
wrong=0
modules="$(hack/modules.sh)"
mute="$(for module in $modules; do
  (cd "$module" && go list -f '{{if and (not .Doc) .GoFiles}}{{.ImportPath}}{{end}}' ./...)
done)"
for package in $mute; do
  echo "$package: the package has no comment that says what lives there"
  wrong=1
done
while IFS= read -r -d '' file; do
  lines="$(wc -l <"$file")"
  if ((lines > limit)); then
    echo "$file: $lines lines, more than $limit: one thing each"
    wrong=1
  fi
done < <(find . -name '*.go' -not -name '*_test.go' -not -path './out/*' -print0)
exit "$wrong"
