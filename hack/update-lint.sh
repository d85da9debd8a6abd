#!/usr/bin/env bash
# Repairs what the linters know how to repair; what is left is shown.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

hack/lint.sh --fix
