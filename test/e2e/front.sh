#!/usr/bin/env bash
# HTTP as it must not be: the real front, with front_peer.py in the places of office, keys and supervisor.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap '[ -n "${KEEP:-}" ] || rm -rf "$dir"' EXIT
python3 test/e2e/front_check.py "$O/libexec/sekisho/front" "$dir"
