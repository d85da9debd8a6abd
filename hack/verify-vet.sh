#!/usr/bin/env bash
# Everything compiles, tests included, and go vet finds nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

modules="$(hack/modules.sh)"
for module in $modules; do
  (cd "$module" && go vet ./...)
done
