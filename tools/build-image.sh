#!/usr/bin/env bash
# Builds a program of the workspace and the image that holds it and nothing else. Skaffold calls it for each artifact
# whose dependencies changed (skaffold.yaml), and says in IMAGE what the image is to be called.
#
#   tools/build-image.sh PROGRAM DOCKERFILE
set -euo pipefail

program=$1 dockerfile=$2
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Static, because the image holds nothing else, not even a C library. The profile is one that compiles fast.
target=$(uname -m)-unknown-linux-gnu
profile=inner-loop
export CARGO_TARGET_DIR=${SEATRIAL_SKAFFOLD_TARGET:-$PWD/target/skaffold}
RUSTFLAGS='-C target-feature=+crt-static' \
    cargo build --quiet --locked --package workloads --bin "$program" --profile "$profile" --target "$target"

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp "$CARGO_TARGET_DIR/$target/$profile/$program" "$dockerfile" "$context/"
docker build --quiet --network none --tag "$IMAGE" --file "$context/$(basename "$dockerfile")" "$context"
if [[ ${PUSH_IMAGE:-false} == true ]]; then
    docker push "$IMAGE"
fi
