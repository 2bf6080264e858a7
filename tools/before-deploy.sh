#!/usr/bin/env bash
# Before Skaffold deploys: this must be a cluster to develop on, with what the chart expects to find.
#
#   tools/before-deploy.sh NAMESPACE SECRET
set -euo pipefail

namespace=$1 secret=$2
context=${SKAFFOLD_KUBE_CONTEXT:-$(kubectl config current-context)}
if [[ $context != kind-* && $context != minikube && ${SEATRIAL_CONTEXT:-} != "$context" ]]; then
    echo "$context is no kind cluster and no minikube; if you mean it, say SEATRIAL_CONTEXT=$context" >&2
    exit 1
fi
if ! kubectl --context "$context" --namespace "$namespace" get secret "$secret" --output name >/dev/null; then
    cat >&2 <<EOF
The namespace $namespace and its Secret $secret must be there before the release:
  kubectl create namespace $namespace
  kubectl --namespace $namespace create secret generic $secret --from-literal=password="\$(openssl rand -hex 16)"
EOF
    exit 1
fi
