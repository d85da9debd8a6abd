#!/usr/bin/env bash
# Writes the generated files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hack/generate.sh .
