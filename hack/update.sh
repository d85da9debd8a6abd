#!/usr/bin/env bash
# Runs every hack/update-*.sh: each repairs what its verify-*.sh twin finds.
# What only a person can repair (vet, words, layout) has no twin here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# In this order: each may change what the next one looks at.
for name in tidy generated lint gofmt; do
  echo "-- $name"
  "hack/update-$name.sh"
done
