//! Which chart `up` is about, by its contract alone: Docker mode has no Helm.

use crate::context::Context;
use crate::failure::Failure;
use crate::planning;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_contracts::model::{ClusterSpec, Contract, Target};
use seatrial_harness::state;

/// The chart, and what its contract says of `up`.
#[derive(Debug)]
pub(super) struct Chosen {
    /// Its folder.
    pub(super) path: Utf8PathBuf,
    /// Its name.
    pub(super) chart: String,
    /// The release.
    pub(super) release: String,
    /// Its namespace.
    pub(super) namespace: String,
    /// What is made.
    pub(super) spec: ClusterSpec,
}

/// The chart that the repository file says.
fn usual(context: &Context) -> Result<Option<Utf8PathBuf>, Failure> {
    let around = context.repository.file()?;
    Ok(around.and_then(|around| Some(around.root.join(around.repository.up?))))
}

impl Chosen {
    /// The named chart, or that of the repository file, or the only one whose contract has `cluster:`.
    pub(super) fn of(named: Option<&Utf8Path>, context: &Context) -> Result<Self, Failure> {
        if let Some(name) = named.map(ToOwned::to_owned).or(usual(context)?) {
            let path = context.repository.one(&name)?;
            let (chart, contract) = planning::contract(&path)?;
            let none = || Failure::usage(format!("the contract of {chart} has no `cluster:`"));
            return Self::from(path, &chart, contract).ok_or_else(none);
        }
        let mut all = Vec::new();
        for path in context.repository.charts(&[])? {
            let (chart, contract) = planning::contract(&path)?;
            all.extend(Self::from(path, &chart, contract));
        }
        Self::only(all)
    }

    fn only(mut all: Vec<Self>) -> Result<Self, Failure> {
        let paths = all.iter().map(|one| one.path.as_str()).collect::<Vec<_>>().join(", ");
        match all.pop() {
            Some(one) if all.is_empty() => Ok(one),
            Some(_) => Err(Failure::usage(format!("several contracts have `cluster:`; name one of {paths}"))),
            None => Err(Failure::usage("no contract of this repository has `cluster:`")),
        }
    }

    fn from(path: Utf8PathBuf, chart: &str, contract: Contract) -> Option<Self> {
        let release = contract.release.name.unwrap_or_else(|| chart.to_owned());
        let namespace = contract.release.namespace.unwrap_or_else(|| release.clone());
        Some(Self { path, chart: chart.to_owned(), release, namespace, spec: contract.cluster? })
    }

    /// Port of this host → what is behind it, the programs beside the release after the release.
    pub(super) fn publish(&self, behind: impl Fn(u16) -> Option<String>) -> Vec<(u16, String)> {
        let release = self.spec.publish.keys().filter_map(|port| Some((*port, behind(*port)?)));
        release.chain(self.spec.beside.iter().map(|(name, beside)| (beside.port, name.clone()))).collect()
    }

    /// The folder of the data, where it is on the host.
    pub(super) fn storage(&self) -> Option<Utf8PathBuf> {
        self.spec.host_storage.then(|| state::storage_dir(&self.spec.name))
    }

    /// What is to answer on this host; the first published port where the contract does not say.
    pub(super) fn url(&self) -> Option<String> {
        match &self.spec.answers {
            Some(Target::Host { port, path }) => Some(format!("http://127.0.0.1:{port}{path}")),
            _ => self.spec.publish.keys().next().map(|port| format!("http://127.0.0.1:{port}/")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Chosen;
    use seatrial_contracts::load::load;

    fn chosen(cluster: &str) -> Option<Chosen> {
        let text = format!("chart: .\nrelease: {{ name: registry, namespace: pallet }}\n{cluster}");
        let contract = load("contract.yaml", &text, None, jiff::civil::date(2026, 11, 1)).expect("sound");
        Chosen::from("charts/x".into(), "x", contract)
    }

    #[test]
    fn the_url_is_what_the_contract_says() {
        let one = chosen("cluster: { name: d, publish: { 5000: svc/r:http }, answers: host:5000/v2/ }\n");
        assert_eq!(one.expect("chosen").url().as_deref(), Some("http://127.0.0.1:5000/v2/"));
        let other = chosen("cluster: { name: d, publish: { 5000: svc/r:http } }\n");
        assert_eq!(other.expect("chosen").url().as_deref(), Some("http://127.0.0.1:5000/"));
    }

    #[test]
    fn one_chart_is_chosen_or_the_reader_is_asked() {
        assert!(chosen("").is_none());
        let two = || chosen("cluster: { name: d }\n").expect("chosen");
        assert!(Chosen::only(vec![two()]).is_ok());
        let failure = Chosen::only(vec![two(), two()]).expect_err("which?");
        assert_eq!(failure.message, "several contracts have `cluster:`; name one of charts/x, charts/x");
    }
}
