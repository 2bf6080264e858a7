//! Whose work keeps the machine busy: two readings of the node's kernel around a measurement, and of the cgroups of the
//! release's pods at the same moments.

use crate::command::Cmd;
use crate::readiness::text;
use crate::run::address::error;
use camino::Utf8Path;
use seatrial_observation::{LookError, Machine};
use serde_json::Value;
use std::time::Duration;

/// Prints the kernel's counters, and the CPU time of each pod's cgroup; the arguments are patterns of their uids. The
/// controller is on its own (version 1) or there is one hierarchy (version 2).
const SCRIPT: &str = r#"
echo "uptime $(cut -d' ' -f1 /proc/uptime)"
head -n 1 /proc/stat
echo "cpus $(grep -c '^cpu[0-9]' /proc/stat)"
[ -r /proc/pressure/cpu ] && grep '^some' /proc/pressure/cpu
for uid in "$@"; do
  for root in /sys/fs/cgroup/cpuacct /sys/fs/cgroup/cpu,cpuacct /sys/fs/cgroup; do
    dir=$(find "$root" -maxdepth 8 -type d -name "*pod$uid*" 2>/dev/null | head -n 1)
    [ -n "$dir" ] || continue
    if [ -r "$dir/cpuacct.usage" ]; then echo "pod_ns $(cat "$dir/cpuacct.usage")"; break; fi
    if [ -r "$dir/cpu.stat" ]; then grep '^usage_usec' "$dir/cpu.stat"; break; fi
  done
done
exit 0
"#;

const PATIENCE: Duration = Duration::from_secs(10);

/// The kernel's counters at one moment, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reading {
    uptime: f64,
    cpus: u32,
    busy: f64,
    steal: f64,
    stalled: Option<f64>,
    release: f64,
}

impl Reading {
    /// What happened since an earlier reading; `None` where no time passed.
    pub(super) fn since(&self, before: &Self) -> Option<Machine> {
        let seconds = self.uptime - before.uptime;
        (seconds > 0.0 && self.cpus > 0).then(|| Machine {
            cpus: self.cpus,
            seconds,
            busy: self.busy - before.busy,
            steal: self.steal - before.steal,
            release: self.release - before.release,
            stalled: self.stalled.zip(before.stalled).map(|(now, then)| now - then),
        })
    }
}

/// Reads on all nodes. Nodes of kind share a kernel, so its counters are those of the first.
pub(super) async fn read(docker: &Utf8Path, nodes: &[String], pods: &[Value]) -> Result<Reading, LookError> {
    let mut all: Option<Reading> = None;
    for node in nodes {
        let cmd = Cmd::new(docker).args(["exec", node, "sh", "-c", SCRIPT, "machine"]).args(uids(pods, node));
        let printed = cmd.timeout(PATIENCE).run_ok().await.map_err(|failed| error(failed.to_string()))?;
        let reading = parse(&printed.stdout).ok_or_else(|| error(format!("{node} shows no CPU time")))?;
        match &mut all {
            None => all = Some(reading),
            Some(all) => all.release += reading.release,
        }
    }
    all.ok_or_else(|| error("the cluster has no node to be read".to_owned()))
}

/// The uids of the pods of a node as patterns: systemd writes them with other dashes.
fn uids(pods: &[Value], node: &str) -> Vec<String> {
    let here = pods.iter().filter(|pod| text(pod, "/spec/nodeName") == node);
    here.map(|pod| text(pod, "/metadata/uid").replace('-', "?")).filter(|uid| !uid.is_empty()).collect()
}

fn parse(printed: &str) -> Option<Reading> {
    let mut reading = Reading::default();
    for line in printed.lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("uptime") => reading.uptime = words.next()?.parse().ok()?,
            Some("cpus") => reading.cpus = words.next()?.parse().ok()?,
            Some("cpu") => (reading.busy, reading.steal) = of_stat(words)?,
            Some("some") => reading.stalled = stalled(words),
            Some("pod_ns") => reading.release += words.next()?.parse::<f64>().ok()? / 1e9,
            Some("usage_usec") => reading.release += words.next()?.parse::<f64>().ok()? / 1e6,
            _ => {}
        }
    }
    (reading.cpus > 0 && reading.uptime > 0.0).then_some(reading)
}

/// `user nice system idle iowait irq softirq steal …` in hundredths of a second, the unit of every Linux that Go and
/// we run on: (busy, steal).
fn of_stat<'w>(words: impl Iterator<Item = &'w str>) -> Option<(f64, f64)> {
    let ticks: Vec<f64> = words.map_while(|word| word.parse().ok()).collect();
    let [user, nice, system, _, _, irq, softirq, steal, ..] = ticks[..] else { return None };
    Some(((user + nice + system + irq + softirq) / 100.0, steal / 100.0))
}

/// `avg10=… avg60=… avg300=… total=MICROSECONDS`.
fn stalled<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<f64> {
    let total = words.find_map(|word| word.strip_prefix("total="))?;
    total.parse::<f64>().ok().map(|micros| micros / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const V1: &str = "uptime 100.50\ncpu  1000 200 300 5000 50 10 20 30 0 0\ncpus 2\n\
                      some avg10=1.00 avg60=0.50 avg300=0.10 total=2000000\npod_ns 1500000000\npod_ns 500000000\n";
    const V2: &str = "uptime 102.50\ncpu  1300 200 300 5000 50 10 20 50 0 0\ncpus 2\n\
                      some avg10=1.00 avg60=0.50 avg300=0.10 total=2500000\nusage_usec 3000000\n";

    #[test]
    fn two_readings_say_what_happened_between_them() {
        let (before, after) = (parse(V1).expect("a reading"), parse(V2).expect("a reading"));
        assert!((before.release - 2.0).abs() < 1e-9 && (before.busy - 15.3).abs() < 1e-9, "{before:?}");
        let machine = after.since(&before).expect("time passed");
        let seen = [machine.seconds, machine.busy, machine.steal, machine.release, machine.stalled.unwrap_or(9.0)];
        let expected = [2.0, 3.0, 0.2, 1.0, 0.5];
        assert!(seen.iter().zip(expected).all(|(seen, expected)| (seen - expected).abs() < 1e-9), "{machine:?}");
        assert_eq!(before.since(&before), None);
    }

    #[test]
    fn a_kernel_without_pressure_counts_none() {
        let reading = parse("uptime 1.0\ncpu 1 2 3 4 5 6 7 8\ncpus 4\n").expect("a reading");
        assert_eq!((reading.cpus, reading.stalled), (4, None));
        assert_eq!(parse("cpus 2\n"), None);
    }

    #[test]
    fn pods_are_found_by_either_kind_of_dash() {
        let pod = |node: &str| json!({ "metadata": { "uid": "a-b-c" }, "spec": { "nodeName": node } });
        assert_eq!(uids(&[pod("n1"), pod("n2")], "n1"), ["a?b?c"]);
    }
}
