#!/usr/bin/env bash
# Pushes a random artefact with oras and pulls it again: the same bytes must come back. No TLS: a local registry has none.
# usage: oras-roundtrip.sh HOST:PORT
set -euo pipefail

registry=${1:?usage: oras-roundtrip.sh HOST:PORT}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A configuration of its own: the user's credentials and helpers stay out of it.
export DOCKER_CONFIG=$work HOME=$work
mkdir "$work/pushed" "$work/pulled"
head -c 1048576 /dev/urandom >"$work/pushed/artefact"
reference=$registry/seatrial/oras:$(date +%s)-$$

(cd "$work/pushed" && oras push --plain-http --no-tty "$reference" artefact:application/octet-stream)
oras pull --plain-http --no-tty --output "$work/pulled" "$reference"
cmp "$work/pushed/artefact" "$work/pulled/artefact" || {
  echo "oras pulled other bytes than it pushed" >&2
  exit 1
}
oras manifest fetch --plain-http "$reference" >/dev/null
