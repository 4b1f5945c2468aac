#!/usr/bin/env bash
# The real auth process, confined, killed at any moment, on a full disk.
set -euo pipefail
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'mountpoint -q "$dir/small" 2>/dev/null && umount "$dir/small"; [ -n "${KEEP:-}" ] || rm -rf "$dir"' EXIT
python3 test/e2e/auth_drive.py "$O/libexec/sekisho/auth" "$dir"
