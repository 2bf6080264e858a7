#!/usr/bin/env bash
# Skaffold with the Helm that it works with, on the cluster that `seatrial up charts/strato` made (KUBECONFIG names another
# one), and with nothing of its user's: its configuration, its cache and Helm's are in a folder of their own, it asks nobody
# for updates and reports to nobody.
#
#   tools/skaffold.sh COMMAND …
set -euo pipefail

cache=${SEATRIAL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/seatrial}
state=${SEATRIAL_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/seatrial}
home=$state/skaffold
export KUBECONFIG=${KUBECONFIG:-$state/clusters/strato-dev/kubeconfig}
case "${1:-}" in
    run | dev | debug | deploy | delete | verify | apply | exec)
        if [[ ! -f $KUBECONFIG ]]; then
            echo "there is no cluster: \`just up charts/strato\` makes one, and so does \`just dev\`" >&2
            exit 2
        fi
        ;;
esac
mkdir -p "$home"
if [[ ! -f $home/config ]]; then
    printf 'global:\n  collect-metrics: false\n  survey:\n    disable-prompt: true\n' >"$home/config"
fi
export PATH="$cache/pair:$PATH:$cache/bin"
export SKAFFOLD_CONFIG=$home/config SKAFFOLD_CACHE_FILE=$home/cache SKAFFOLD_LAST_LOG_FILE=$home/last.log
export SKAFFOLD_UPDATE_CHECK=false SKAFFOLD_INTERACTIVE=false
export HELM_CACHE_HOME=$home/helm HELM_CONFIG_HOME=$home/helm HELM_DATA_HOME=$home/helm KUBECACHEDIR=$home/kube
# Not a new label in each run: it would replace every pod.
export SKAFFOLD_LABEL=${SKAFFOLD_LABEL:-skaffold.dev/run-id=seatrial}
exec skaffold "$@"
