//! What a host may need, and which tier needs what.

use serde::Serialize;
use std::fmt;

/// One thing that a host must have. The order is the order of making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// A container engine that answers and can run privileged containers.
    Engine,
    /// kind, which makes clusters.
    Kind,
    /// Helm, which installs charts.
    Helm,
    /// The node image, on hosts that reach no registry.
    NodeImage,
    /// The image of the in-cluster prober.
    ProberImage,
    /// The image of the agents that work beside the registry.
    AgentImage,
    /// The registry that the chart `pallet-registry` runs, on hosts that reach no registry.
    RegistryImage,
    /// The database server of `strato` and of contracts that need one beside their cluster, on hosts that reach no registry.
    PostgresImage,
    /// The control plane of the chart `strato`.
    #[serde(rename = "strato-control-plane-image")]
    ControlPlaneImage,
    /// The agent of the chart `strato`.
    StratoAgentImage,
    /// The authorization service of the chart `strato`.
    PermifyImage,
    /// The switch of the chart `strato`.
    OpenvswitchImage,
    /// The network control of the chart `strato`.
    OvnImage,
    /// oras, which a clause of `pallet-registry` calls.
    Oras,
    /// The next Helm, with which the suite proves that everything works too.
    #[serde(rename = "helm-4")]
    Helm4,
    /// Skaffold, and the Helm 3 that it works with.
    Skaffold,
    /// cargo-nextest, which runs the tests.
    Nextest,
    /// actionlint, which reads the GitHub workflows.
    Actionlint,
    /// shellcheck, which reads the shell scripts.
    Shellcheck,
    /// cargo-deny, which reads the dependency tree.
    Deny,
    /// cargo-fuzz, which feeds readers with input that nobody writes.
    Fuzz,
    /// cargo-llvm-cov and the LLVM tools that it calls.
    Coverage,
}

use Need::{
    Actionlint, AgentImage, ControlPlaneImage, Coverage, Deny, Engine, Fuzz, Helm, Helm4, Kind, Nextest, NodeImage,
    OpenvswitchImage, Oras, OvnImage, PermifyImage, PostgresImage, ProberImage, RegistryImage, Shellcheck, Skaffold,
    StratoAgentImage,
};

/// What clusters and the charts of this repository need.
const LIVE: [Need; 14] = [
    Engine,
    Kind,
    Helm,
    NodeImage,
    ProberImage,
    AgentImage,
    RegistryImage,
    PostgresImage,
    ControlPlaneImage,
    StratoAgentImage,
    PermifyImage,
    OpenvswitchImage,
    OvnImage,
    Oras,
];

/// What the tests need that need a cluster. Skaffold they do without: `just strato-loop` is where it works.
fn suite() -> impl Iterator<Item = Need> {
    LIVE.into_iter().chain([Helm4, Nextest])
}

impl Need {
    /// All of them, in order.
    pub const ALL: [Self; 22] = [
        Engine,
        Kind,
        Helm,
        NodeImage,
        ProberImage,
        AgentImage,
        RegistryImage,
        PostgresImage,
        ControlPlaneImage,
        StratoAgentImage,
        PermifyImage,
        OpenvswitchImage,
        OvnImage,
        Oras,
        Helm4,
        Skaffold,
        Nextest,
        Actionlint,
        Shellcheck,
        Deny,
        Fuzz,
        Coverage,
    ];

    /// What a tier needs: `static`, `test` (unit tests), `api`, `docker` (`up --prefer-docker`), `live`, `suite` (the tests
    /// that need a cluster), `dev` (what `just dev` needs), `ci`, `fuzz` or `coverage`.
    #[must_use]
    pub fn for_tier(tier: &str) -> Option<Vec<Self>> {
        Some(match tier {
            "static" => vec![Helm],
            "test" => vec![Helm, Nextest],
            "api" => vec![Engine, Kind, Helm, NodeImage],
            "docker" => vec![Engine, AgentImage, RegistryImage],
            "live" => LIVE.to_vec(),
            "suite" => suite().collect(),
            "dev" => LIVE.into_iter().chain([Skaffold]).collect(),
            "ci" => suite().chain([Actionlint, Shellcheck, Deny]).collect(),
            "fuzz" => vec![Fuzz],
            "coverage" => vec![Coverage],
            _ => return None,
        })
    }

    /// Its name, as in the JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Engine => "engine",
            Kind => "kind",
            Helm => "helm",
            NodeImage => "node-image",
            ProberImage => "prober-image",
            AgentImage => "agent-image",
            RegistryImage => "registry-image",
            PostgresImage => "postgres-image",
            ControlPlaneImage => "strato-control-plane-image",
            StratoAgentImage => "strato-agent-image",
            PermifyImage => "permify-image",
            OpenvswitchImage => "openvswitch-image",
            OvnImage => "ovn-image",
            Oras => "oras",
            Helm4 => "helm-4",
            Skaffold => "skaffold",
            Nextest => "nextest",
            Actionlint => "actionlint",
            Shellcheck => "shellcheck",
            Deny => "deny",
            Fuzz => "fuzz",
            Coverage => "coverage",
        }
    }

    /// What making it means, for people who wait.
    pub(super) fn effort(self) -> &'static str {
        match self {
            Engine => "installing and starting the container engine",
            Kind => "building kind (some 20 s)",
            Helm => "building Helm (about a minute)",
            NodeImage => "building the node image (about 10 min the first time)",
            ProberImage => "building the prober image (about a minute)",
            AgentImage => "building the image of the agents (about a minute)",
            RegistryImage => "building the registry image (some 10 s)",
            PostgresImage => "building the PostgreSQL image (some 15 s)",
            ControlPlaneImage => "building the image of Strato's control plane (about a minute)",
            StratoAgentImage => "building the image of Strato's agent (some 20 s)",
            PermifyImage => "building the image of Permify (about 2 min)",
            OpenvswitchImage => "building the image of Open vSwitch (some 15 s)",
            OvnImage => "building the image of OVN (a second more)",
            Oras => "building oras (some 10 s)",
            Helm4 => "building Helm 4 (about 2 min)",
            Skaffold => "building Skaffold (about 3 min)",
            Nextest => "building cargo-nextest (about 5 min)",
            Actionlint => "building actionlint (some 5 s)",
            Shellcheck => "installing shellcheck",
            Deny => "building cargo-deny (about 4 min)",
            Fuzz => "building cargo-fuzz (about a minute)",
            Coverage => "building cargo-llvm-cov (about a minute)",
        }
    }

    /// What to do where it is missing.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Coverage => "run `./just setup coverage`",
            Skaffold => "run `./just setup dev`",
            _ => "run `seatrial setup`, or `./just setup`",
        }
    }

    fn prerequisites(self) -> &'static [Self] {
        match self {
            NodeImage | ProberImage | AgentImage | RegistryImage | PostgresImage | ControlPlaneImage
            | StratoAgentImage | PermifyImage | OpenvswitchImage | OvnImage => &[Engine],
            _ => &[],
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wanted and what that needs itself, each once, in the order of making.
pub(super) fn with_prerequisites(want: &[Need]) -> Vec<Need> {
    let needs = |need: &Need| need.prerequisites().iter().chain([need]).copied().collect::<Vec<_>>();
    let mut all: Vec<Need> = want.iter().flat_map(needs).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_brings_the_engine_before_itself() {
        assert_eq!(with_prerequisites(&[RegistryImage, Helm, Helm]), [Engine, Helm, RegistryImage]);
    }

    #[test]
    fn every_tier_is_known_and_no_other() {
        for tier in ["static", "test", "api", "docker", "live", "suite", "dev", "ci", "fuzz", "coverage"] {
            assert!(Need::for_tier(tier).is_some(), "{tier}");
        }
        assert_eq!(Need::for_tier("nothing"), None);
    }

    #[test]
    fn docker_mode_needs_neither_kubernetes_nor_helm() {
        let needs = Need::for_tier("docker").expect("a tier");
        assert_eq!(with_prerequisites(&needs), needs);
        assert!([Kind, Helm, NodeImage, ProberImage].iter().all(|need| !needs.contains(need)), "{needs:?}");
    }

    #[test]
    fn the_name_is_the_one_of_the_json() {
        for need in Need::ALL {
            assert_eq!(serde_json::to_value(need).expect("json"), need.name());
        }
    }
}
