//! A cluster that a run kept is used by the next one, seconds faster; and one that dies under a run is not waited for.

use e2e::State;
use e2e::charts::Copy;
use e2e::engine::{Left, below, containers};
use e2e::faulty::FullDisk;
use e2e::kill::until;
use e2e::program::tool;
use e2e::report::{document, verdicts};
use seatrial_harness::command::Finished;
use std::time::{Duration, Instant};

/// Less than this much faster, and adopting is not worth its risk. A new cluster takes three times as long.
const FASTER: Duration = Duration::from_secs(5);

struct Warm {
    state: State,
    chart: Copy,
}

impl Warm {
    /// Judges what needs no measuring and no disturbing; how long that took.
    fn verify(&self, run: &str, more: &[&str]) -> (Finished, Duration) {
        let started = Instant::now();
        let args = ["verify", "pallet-registry", "-e", "dev", "--format", "json"];
        let program = self.state.seatrial(run).in_dir(self.chart.root());
        (program.call(&[&args[..], more].concat()), started.elapsed())
    }

    /// The nodes of our runs that stand.
    fn nodes() -> Vec<String> {
        containers().into_iter().filter(|name| name.starts_with("st-warm")).collect()
    }
}

#[test]
fn a_kept_cluster_is_used_again_and_one_that_dies_is_not_waited_for() {
    let warm = Warm { state: State::new(env!("CARGO_BIN_EXE_seatrial-e2e")), chart: Copy::of("pallet-registry") };
    let before = Left::now(&warm.state.home(), &["warm0001", "warm0002"]);

    let (first, cold) = warm.verify("warm0001", &["--up-to", "live", "--keep", "30m"]);
    assert_eq!(first.code, Some(0), "{}{}", first.stdout, first.stderr);
    let nodes = Warm::nodes();
    assert_eq!(nodes.len(), 1, "{nodes:?}");
    until("a warm cluster", Duration::from_secs(10), || warm.is_warm());

    // On the way: evidence that can't be written is told of, and changes no verdict.
    let disk = FullDisk::on(&warm.chart.root().join("target/seatrial"));
    let (second, again) = warm.verify("warm0002", &["--up-to", "live"]);
    drop(disk);
    assert_eq!(second.code, Some(0), "{}{}", second.stdout, second.stderr);
    for words in ["warm from run warm0001", "the evidence is incomplete", "No space left on device"] {
        assert!(second.stderr.contains(words), "it does not say `{words}`: {}", second.stderr);
    }
    assert_eq!(verdicts(&document(&second)), verdicts(&document(&first)));
    assert_eq!(Warm::nodes(), nodes, "no other cluster was made");
    assert!(again + FASTER < cold, "{again:?} on a kept cluster, {cold:?} on a new one");

    // The same run again adopts as well: what it saw the last time does not count. Then its node dies.
    until("a warm cluster", Duration::from_secs(10), || warm.is_warm());
    warm.dies_under_a_run(&nodes[0]);

    let reaped = warm.state.seatrial("warm0003").call(&["reap", "--warm"]);
    assert_eq!(reaped.code, Some(0), "{}", reaped.stderr);
    until("the end of all guards", Duration::from_secs(5), || warm.state.processes().is_empty());
    assert_eq!(Left::now(&warm.state.home(), &["warm0001", "warm0002"]), before);
    warm.state.kubeconfig_is_untouched();
}

impl Warm {
    fn is_warm(&self) -> bool {
        let list = document(&self.state.seatrial("warm0009").call(&["list", "--format", "json"]));
        list["clusters"][0]["state"] == "warm"
    }

    /// A run whose node is killed while it judges.
    fn dies_under_a_run(&self, node: &str) {
        let work = self.state.home().join("runs/warm0002/work");
        let slots = || below(&work).into_iter().filter(|file| file.as_str().contains("/slot-")).collect::<Vec<_>>();
        let (finished, gone) = std::thread::scope(|scope| {
            let run = scope.spawn(|| self.verify("warm0002", &[]).0);
            // The records of the run before are gone when it has adopted.
            until("a run of its own", Duration::from_mins(1), || slots().is_empty());
            until("a judged clause", Duration::from_mins(1), || !slots().is_empty() || run.is_finished());
            tool("docker", &["kill", node]);
            let gone = Instant::now();
            (run.join().expect("the run"), gone.elapsed())
        });
        assert_eq!(finished.code, Some(30), "{}{}", finished.stdout, finished.stderr);
        assert!(finished.stderr.contains("went away"), "{}", finished.stderr);
        assert!(gone < Duration::from_mins(1), "it went on for {gone:?}");
        let failed: Vec<_> = verdicts(&document(&finished)).into_iter().filter(|line| line.verdict == "fail").collect();
        assert!(failed.is_empty(), "the chart is not to blame: {failed:#?}");
    }
}
