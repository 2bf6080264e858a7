//! The Go programs that a host may need, by the modules that pin them.

use super::go::GoModule;

/// kind, which makes clusters.
pub(crate) const KIND: GoModule = GoModule {
    folder: "tools/kind",
    pinned: "sigs.k8s.io/kind",
    programs: &[("sigs.k8s.io/kind", "kind")],
    linked: &[],
};

/// The next Helm, with which everything but Skaffold must work too. Not linked beside the other: they have one name.
pub(crate) const HELM_4: GoModule = GoModule {
    folder: "tools/helm4",
    pinned: "helm.sh/helm/v4",
    programs: &[("helm.sh/helm/v4/cmd/helm", "helm")],
    linked: &["helm.sh/helm/v4/internal/version.version={version}"],
};

/// Helm says its version only if it is told, and renders for Kubernetes 1.20 unless it is told the version of its
/// own Kubernetes modules (as its Makefile does; `helm_renders_for_its_own_kubernetes` keeps them together).
pub(crate) const HELM: GoModule = GoModule {
    folder: "tools/helm",
    pinned: "helm.sh/helm/v3",
    programs: &[("helm.sh/helm/v3/cmd/helm", "helm")],
    linked: &[
        "helm.sh/helm/v3/internal/version.version={version}",
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1",
        "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=37",
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1",
        "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=37",
    ],
};

/// Skaffold works with Helm 3 alone; it says its version only if it is told.
pub(crate) const SKAFFOLD: GoModule = GoModule {
    folder: "tools/skaffold",
    pinned: "github.com/GoogleContainerTools/skaffold/v2",
    programs: &[("github.com/GoogleContainerTools/skaffold/v2/cmd/skaffold", "skaffold")],
    linked: &["github.com/GoogleContainerTools/skaffold/v2/pkg/skaffold/version.version={version}"],
};

pub(super) const ACTIONLINT: GoModule = GoModule {
    folder: "tools/actionlint",
    pinned: "github.com/rhysd/actionlint",
    programs: &[("github.com/rhysd/actionlint/cmd/actionlint", "actionlint")],
    linked: &[],
};

/// What users of the registry push and pull with.
pub(super) const ORAS: GoModule = GoModule {
    folder: "tools/oras",
    pinned: "oras.land/oras",
    programs: &[("oras.land/oras/cmd/oras", "oras")],
    linked: &[],
};

/// Drops what the host lacks from what containers ask for; see its source.
pub(super) const OCI_WRAPPER: GoModule =
    GoModule { folder: "tools/oci-wrapper", pinned: "", programs: &[(".", "oci-wrapper")], linked: &[] };

/// kubeadm accepts a cluster only of the version that it believes to be.
pub(crate) const KUBERNETES: GoModule = GoModule {
    folder: "images/node/kubernetes",
    pinned: "k8s.io/kubernetes",
    programs: &[(".", "kubernetes")],
    linked: &[
        "k8s.io/component-base/version.gitVersion={version}",
        "k8s.io/component-base/version.gitMajor=1",
        "k8s.io/component-base/version.gitMinor=36",
        "k8s.io/component-base/version.gitTreeState=clean",
    ],
};

pub(super) const ETCD: GoModule = GoModule {
    folder: "images/node/etcd",
    pinned: "go.etcd.io/etcd/server/v3",
    programs: &[("go.etcd.io/etcd/server/v3", "etcd")],
    linked: &[],
};

pub(super) const COREDNS: GoModule = GoModule {
    folder: "images/node/coredns",
    pinned: "github.com/coredns/coredns",
    programs: &[("github.com/coredns/coredns", "coredns")],
    linked: &[],
};

pub(super) const CONTAINERD: GoModule = GoModule {
    folder: "images/node/containerd",
    pinned: "github.com/containerd/containerd/v2",
    programs: &[
        ("github.com/containerd/containerd/v2/cmd/containerd", "containerd"),
        ("github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2", "containerd-shim-runc-v2"),
        ("github.com/containerd/containerd/v2/cmd/ctr", "ctr"),
    ],
    linked: &["github.com/containerd/containerd/v2/version.Version={version}"],
};

pub(super) const CRICTL: GoModule = GoModule {
    folder: "images/node/crictl",
    pinned: "sigs.k8s.io/cri-tools",
    programs: &[("sigs.k8s.io/cri-tools/cmd/crictl", "crictl")],
    linked: &["sigs.k8s.io/cri-tools/pkg/version.Version={version}"],
};

/// What the chart `strato` asks who may do what.
pub(super) const PERMIFY: GoModule = GoModule {
    folder: "images/permify",
    pinned: "github.com/Permify/permify",
    programs: &[("github.com/Permify/permify/cmd/permify", "permify")],
    linked: &["github.com/Permify/permify/internal.Version={version}"],
};

/// Ours, on the library of Kubernetes' own provisioners; its source says why.
pub(super) const VOLUMES: GoModule =
    GoModule { folder: "images/node/volumes", pinned: "", programs: &[(".", "volume-provisioner")], linked: &[] };

pub(super) const PAUSE: GoModule =
    GoModule { folder: "images/node/pause", pinned: "", programs: &[(".", "pause")], linked: &[] };

/// What the node image holds.
pub(super) const NODE: [&GoModule; 7] = [&KUBERNETES, &ETCD, &COREDNS, &CONTAINERD, &CRICTL, &VOLUMES, &PAUSE];

#[cfg(test)]
pub(super) const ALL: [&GoModule; 15] = [
    &KIND,
    &HELM,
    &HELM_4,
    &SKAFFOLD,
    &ACTIONLINT,
    &ORAS,
    &OCI_WRAPPER,
    &KUBERNETES,
    &ETCD,
    &COREDNS,
    &CONTAINERD,
    &CRICTL,
    &VOLUMES,
    &PAUSE,
    &PERMIFY,
];
