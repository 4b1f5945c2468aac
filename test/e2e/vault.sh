#!/usr/bin/env bash
# The vault and keys processes themselves: appends, proofs, refusals, kills, roll-backs. KILLS= and SEED= for longer runs.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 timeout 300 python3 "$here/vault_drive.py" "$O" "$work" || {
  for f in "$work"/data/*.log; do tail -n 20 "$f"; done
  exit 1
}
