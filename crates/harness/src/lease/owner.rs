//! The process a cluster is for: nextest's runner, or `seatrial` itself. When it ends, its guard acts.

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use serde::{Deserialize, Serialize};

/// A process, named so that a later one with the same number is not mistaken for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// Its number.
    pub pid: i32,
    /// When it started, in the kernel's ticks since boot.
    pub start_time: u64,
    /// The boot it lives in.
    pub boot_id: String,
}

impl Owner {
    /// The owner of the run this process belongs to: nextest's runner where the run is nextest's, else this process.
    pub fn current() -> Self {
        nextest().and_then(Self::of).unwrap_or_else(Self::this_process)
    }

    /// This process.
    pub fn this_process() -> Self {
        let pid = std::process::id().cast_signed();
        Self { pid, start_time: stat(pid).map_or(0, |stat| stat.start_time), boot_id: boot_id() }
    }

    /// A living process by its number.
    pub fn of(pid: i32) -> Option<Self> {
        let stat = stat(pid).filter(Stat::is_alive)?;
        Some(Self { pid, start_time: stat.start_time, boot_id: boot_id() })
    }

    /// Whether it still runs. One that has ended but was not waited for does not.
    pub fn is_alive(&self) -> bool {
        let is_same = |stat: &Stat| stat.start_time == self.start_time;
        self.boot_id == boot_id() && stat(self.pid).filter(Stat::is_alive).is_some_and(|stat| is_same(&stat))
    }

    /// Blocks until it has ended.
    pub fn until_gone(&self) -> std::io::Result<()> {
        let Some(pid) = Pid::from_raw(self.pid) else { return Ok(()) };
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => handle,
            Err(rustix::io::Errno::SRCH) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // Asked after the handle was opened: from here on it can't become another process.
        while self.is_alive() {
            let mut polled = [PollFd::new(&handle, PollFlags::IN)];
            match rustix::event::poll(&mut polled, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// What `/proc` says of a process.
struct Stat {
    state: char,
    parent: i32,
    start_time: u64,
}

impl Stat {
    fn is_alive(&self) -> bool {
        !matches!(self.state, 'Z' | 'X' | 'x')
    }
}

fn stat(pid: i32) -> Option<Stat> {
    parse_stat(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The program's name, in brackets, may hold blanks and brackets: the fields are counted behind it.
fn parse_stat(text: &str) -> Option<Stat> {
    let fields: Vec<_> = text.get(text.rfind(')')? + 1..)?.split_whitespace().collect();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        start_time: fields.get(19)?.parse().ok()?,
    })
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// Nextest's runner, if this run is nextest's: the parent of the outermost process that got its run id. A process
/// that was given a run of its own (`SEATRIAL_RUN`, by a test that starts `seatrial`) is its own owner.
fn nextest() -> Option<i32> {
    let id = std::env::var("NEXTEST_RUN_ID").ok()?;
    let me = std::process::id().cast_signed();
    let runner = outermost(me, &|pid| variable(pid, "NEXTEST_RUN_ID").as_deref() == Some(&id))?;
    let own_run = std::env::var("SEATRIAL_RUN").ok();
    (own_run == variable(runner, "SEATRIAL_RUN")).then_some(runner)
}

/// The first process, upwards from `pid`, that does not belong.
fn outermost(pid: i32, belongs: &dyn Fn(i32) -> bool) -> Option<i32> {
    let mut process = pid;
    while process > 1 {
        let parent = stat(process)?.parent;
        if !belongs(parent) {
            return (parent > 1).then_some(parent);
        }
        process = parent;
    }
    None
}

fn variable(pid: i32, name: &str) -> Option<String> {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    variable_of(&environment, name).map(ToOwned::to_owned)
}

/// A variable of a process's environment, as the kernel shows it.
pub(super) fn variable_of<'a>(environment: &'a [u8], name: &str) -> Option<&'a str> {
    environment.split(|byte| *byte == 0).find_map(|entry| {
        let value = entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
        std::str::from_utf8(value).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives() {
        assert!(Owner::this_process().is_alive());
        assert!(Owner::current().is_alive());
    }

    #[test]
    fn the_same_number_at_another_time_is_another_process() {
        let me = Owner::this_process();
        assert!(!Owner { start_time: me.start_time + 1, ..me.clone() }.is_alive());
        assert!(!Owner { boot_id: "another boot".into(), ..me }.is_alive());
    }

    #[test]
    fn an_ended_process_is_gone_even_before_it_is_waited_for() {
        #[expect(clippy::disallowed_methods, reason = "the test needs a child that nobody waits for")]
        let mut child = std::process::Command::new("sleep").arg("0.05").spawn().expect("sleep");
        let owner = Owner::of(child.id().cast_signed()).expect("it runs");
        assert!(owner.is_alive());
        owner.until_gone().expect("poll");
        assert!(!owner.is_alive());
        child.wait().expect("wait");
        owner.until_gone().expect("gone already");
    }

    #[test]
    fn stat_is_read_behind_the_name() {
        let text = "12 (a) b) (c) S 7 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 1 2";
        let stat = parse_stat(text).expect("parse");
        assert_eq!((stat.state, stat.parent, stat.start_time), ('S', 7, 4711));
        assert!(parse_stat("12 (a").is_none());
    }
}
