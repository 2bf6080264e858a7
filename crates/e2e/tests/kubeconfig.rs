//! The user's kubeconfig is the user's: its bytes, its time and its current context stay, and none is made.

use camino::Utf8PathBuf;
use e2e::Program;
use e2e::charts::Copy;
use std::fs;

const USERS: &str = "apiVersion: v1
kind: Config
current-context: mine
clusters: [{ name: mine, cluster: { server: 'https://127.0.0.1:1' } }]
contexts: [{ name: mine, context: { cluster: mine, user: me } }]
users: [{ name: me, user: {} }]
";

struct Home {
    dir: tempfile::TempDir,
    chart: Copy,
}

impl Home {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a home"), chart: Copy::of("pallet-registry") }
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8PathBuf::try_from(self.dir.path().to_owned()).expect("UTF-8")
    }

    /// A whole life of a cluster, in this home: the cluster comes up, a release is judged, all is torn down.
    fn live(&self) {
        let cache = seatrial_harness::cache::cache_dir();
        let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).without("KUBECONFIG");
        let program = program.env("HOME", self.path()).env("SEATRIAL_CACHE", cache).alone("kubeconf");
        let chart = self.chart.path();
        let args = ["verify", chart.as_str(), "-e", "dev", "--clause", "reachable"];
        let finished = program.call(&args);
        assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    }
}

#[test]
fn a_kubeconfig_is_left_as_it_was() {
    let home = Home::new();
    let file = home.path().join(".kube/config");
    fs::create_dir_all(home.path().join(".kube")).expect("a folder");
    fs::write(&file, USERS).expect("a kubeconfig");
    let before = fs::metadata(&file).and_then(|data| data.modified()).expect("its time");
    home.live();
    assert_eq!(fs::read_to_string(&file).expect("the kubeconfig"), USERS);
    assert_eq!(fs::metadata(&file).and_then(|data| data.modified()).expect("its time"), before);
}

#[test]
fn no_kubeconfig_is_made() {
    let home = Home::new();
    home.live();
    assert!(!home.path().join(".kube").exists(), "{} has a .kube now", home.path());
}
