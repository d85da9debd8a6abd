#!/usr/bin/env bash
# Formats every Go file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find . -name '*.go' -not -path './out/*' -print0 | xargs -0 gofmt -s -w
