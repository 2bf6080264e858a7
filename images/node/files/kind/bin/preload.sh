#!/bin/bash
# Fills the image store from /images.tar: run once, in a container of the node
# root, while the image is built. Only the unpacked snapshots stay: kind copies
# the store into a new volume for each node.
set -euo pipefail

containerd >/tmp/containerd.log 2>&1 &
for _ in $(seq 100); do
  ctr version >/dev/null 2>&1 && break
  sleep 0.1
done
ctr -n k8s.io images import --local --discard-unpacked-layers --label=io.cri-containerd.pinned=pinned /images.tar
ctr -n k8s.io content prune references
kill %1
wait %1 || true
rm -rf /images.tar /tmp/containerd.log /run/containerd
