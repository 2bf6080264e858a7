#!/bin/bash
# The fence stands before kind's entrypoint asks for its first name; that goes on as
# it is.
set -euo pipefail

/kind/bin/fence.sh
exec /usr/local/bin/entrypoint "$@"
