//! The processes that were started for a lease's cluster: they lead process groups of their own, so a killed run
//! leaves them behind.

use super::Lease;
use super::owner::variable_of;
use crate::cluster::CHILD_MARK;
use camino::Utf8Path;

/// The numbers of these processes; never this one.
pub(crate) fn children_of(lease: &Lease) -> Vec<i32> {
    let me = std::process::id().cast_signed();
    let entries = Utf8Path::new("/proc").read_dir_utf8().into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().parse::<i32>().ok()).filter(|pid| *pid != me);
    pids.filter(|pid| std::fs::read(format!("/proc/{pid}/environ")).is_ok_and(|seen| is_child(&seen, lease))).collect()
}

/// What marks a process as the lease's. A kubeconfig alone does not: a person may look at what `up` made.
fn is_child(environment: &[u8], lease: &Lease) -> bool {
    let variable = |name| variable_of(environment, name);
    let is_marked = variable(CHILD_MARK) == Some(&lease.cluster);
    let is_helm = variable("HELM_CACHE_HOME").is_some_and(|home| lease.dirs.iter().any(|dir| is_below(home, dir)));
    let is_ours = variable("SEATRIAL_NAMESPACE").is_some();
    is_marked || is_helm || (is_ours && variable("KUBECONFIG") == Some(lease.kubeconfig.as_str()))
}

fn is_below(path: &str, dir: &Utf8Path) -> bool {
    Utf8Path::new(path).starts_with(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lease::Owner;
    use crate::lease::file::tests::lease;

    fn check(environment: &str, expected: bool) {
        let lease = lease(Utf8Path::new("/home"), Owner::this_process());
        let seen = is_child(environment.replace(' ', "\0").as_bytes(), &lease);
        assert_eq!(seen, expected, "{environment}");
    }

    #[test]
    fn children_are_known_by_their_environment() {
        check("A=b SEATRIAL_CLUSTER=st-abcd1234-top2v4", true);
        check("SEATRIAL_CLUSTER=st-abcd1234-top2v5", false);
        check("HELM_CACHE_HOME=/home/runs/abcd1234/helm/cache", true);
        check("HELM_CACHE_HOME=/home/runs/abcd12345/helm/cache", false);
        check("KUBECONFIG=/home/runs/abcd1234/kubeconfig SEATRIAL_NAMESPACE=x", true);
        check("KUBECONFIG=/home/runs/abcd1234/kubeconfig", false);
        check("", false);
    }
}
