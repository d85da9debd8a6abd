#!/usr/bin/env bash
# The linters of .golangci.yml find nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hack/lint.sh
