#!/usr/bin/env bash
# The generated files in the repository are what their generators make.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

made="$(mktemp -d)"
trap 'rm -rf -- "$made"' EXIT
hack/generate.sh "$made"

stale=0
while IFS= read -r -d '' file; do
  diff -u --label "$file" --label "$file (generated)" "$file" "$made/$file" || stale=1
done < <(cd "$made" && find . -type f -print0)
if ((stale)); then
  echo "generated files are stale: hack/update-generated.sh writes them"
  exit 1
fi
