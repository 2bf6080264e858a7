//! The examination as a page for people.

use super::{Doctor, Problem, ToolLine};
use crate::host::{Cgroup, HostFacts};
use std::fmt;

impl fmt::Display for Doctor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "host      {} ({})", self.kind.name(), self.host.os)?;
        host(f, &self.host)?;
        writeln!(f)?;
        self.tools.iter().try_for_each(|line| tool(f, line))?;
        writeln!(f)?;
        if self.problems.is_empty() {
            return writeln!(f, "nothing stands in the way");
        }
        self.problems.iter().try_for_each(|found| problem(f, found))
    }
}

fn host(f: &mut fmt::Formatter<'_>, host: &HostFacts) -> fmt::Result {
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let cgroup = match host.cgroup {
        Cgroup::V1 => "cgroup v1",
        Cgroup::V2 => "cgroup v2",
        Cgroup::None => "no cgroups",
    };
    writeln!(f, "kernel    {} {}, {cgroup}", host.kernel, host.arch)?;
    writeln!(
        f,
        "size      {} cores, {:.1} GiB memory, {:.1} GiB free",
        host.cores,
        gib(host.memory),
        gib(host.disk_free)
    )?;
    writeln!(f, "limits    {} open files, inotify {}", host.nofile_hard, inotify(host))?;
    let lacking =
        if host.missing_capabilities.is_empty() { "nothing".to_owned() } else { host.missing_capabilities.join(" ") };
    writeln!(f, "lacks     {lacking}")?;
    let ports: Vec<String> = host.ports_in_use.iter().map(u16::to_string).collect();
    writeln!(f, "ports     in use: {}", if ports.is_empty() { "none".to_owned() } else { ports.join(" ") })
}

fn inotify(host: &HostFacts) -> String {
    let number = |limit: Option<u64>| limit.map_or("?".to_owned(), |limit| limit.to_string());
    format!("{} instances, {} watches", number(host.inotify.instances), number(host.inotify.watches))
}

fn tool(f: &mut fmt::Formatter<'_>, line: &ToolLine) -> fmt::Result {
    let remedy = || line.remedy.as_deref().unwrap_or_default();
    match &line.found {
        Some(found) => writeln!(f, "{:<15} {found}", line.name),
        None => writeln!(f, "{:<15} missing: {}", line.name, remedy()),
    }
}

fn problem(f: &mut fmt::Formatter<'_>, found: &Problem) -> fmt::Result {
    write!(f, "will not work: {}: {}", found.what, found.why)?;
    match &found.remedy {
        Some(remedy) => writeln!(f, "; mend it: {remedy}"),
        None => writeln!(f),
    }
}
