//! Memory and CPU by cgroup files, of version 1 and 2 alike: the working set is what is in use less the file cache that
//! the kernel would drop first, as the kubelet counts; CPU is a count of nanoseconds that only grows.

use std::fmt::Write;

/// Finds a container's cgroup in a node and prints its files; one block a container id, `/` is the node itself.
/// The ids are the arguments.
pub(super) const SCRIPT: &str = r#"
for id in "$@"; do
  echo "== $id"
  for root in /sys/fs/cgroup/memory /sys/fs/cgroup; do
    if [ "$id" = / ]; then dir=$root; else dir=$(find "$root" -maxdepth 8 -type d -name "*$id*" 2>/dev/null | head -n 1); fi
    [ -n "$dir" ] || continue
    for file in memory.usage_in_bytes memory.current; do [ -r "$dir/$file" ] && echo "usage $(cat "$dir/$file")"; done
    for file in memory.limit_in_bytes memory.max; do [ -r "$dir/$file" ] && echo "limit $(cat "$dir/$file")"; done
    [ -r "$dir/memory.stat" ] && cat "$dir/memory.stat" && break
  done
  for root in /sys/fs/cgroup/cpuacct /sys/fs/cgroup; do
    if [ "$id" = / ]; then dir=$root; else dir=$(find "$root" -maxdepth 8 -type d -name "*$id*" 2>/dev/null | head -n 1); fi
    [ -n "$dir" ] || continue
    if [ -r "$dir/cpuacct.usage" ]; then
      echo "cpu_ns $(cat "$dir/cpuacct.usage")"
      quota=/sys/fs/cgroup/cpu${dir#"$root"}
      [ -r "$quota/cpu.cfs_quota_us" ] && echo "cpu_quota $(cat "$quota/cpu.cfs_quota_us") $(cat "$quota/cpu.cfs_period_us")"
      break
    fi
    if [ -r "$dir/cpu.stat" ]; then
      cat "$dir/cpu.stat"
      [ -r "$dir/cpu.max" ] && echo "cpu_quota $(cat "$dir/cpu.max")"
      break
    fi
  done
done
"#;

/// A limit above this is none: version 1 writes "unlimited" as a huge number.
const NO_LIMIT: u64 = 1 << 60;

/// What one cgroup says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) working_set: u64,
    pub(super) limit: Option<u64>,
    /// CPU used since it was made, in nanoseconds; `None` where the files do not say it.
    pub(super) cpu_ns: Option<u64>,
    /// CPU that it may use, in billionths of a core.
    pub(super) cpu_limit: Option<u64>,
}

/// Reads what the script printed; a container whose cgroup was not found is missing.
pub(super) fn parse(printed: &str) -> Vec<Group> {
    printed.split("== ").skip(1).filter_map(parse_one).collect()
}

fn parse_one(block: &str) -> Option<Group> {
    let (id, rest) = block.split_once('\n')?;
    let text = |key: &str| {
        let mut lines = rest.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(name, _)| *name == key).map(|(_, value)| value.trim())
    };
    let value = |key: &str| text(key).and_then(|value| value.parse::<u64>().ok());
    let usage = value("usage")?;
    // Version 1 sums a hierarchy in `total_…`.
    let inactive = value("total_inactive_file").or_else(|| value("inactive_file")).unwrap_or(0);
    Some(Group {
        id: id.trim().to_owned(),
        working_set: usage.saturating_sub(inactive),
        limit: value("limit").filter(|limit| *limit < NO_LIMIT),
        cpu_ns: value("cpu_ns").or_else(|| Some(value("usage_usec")? * 1000)),
        cpu_limit: text("cpu_quota").and_then(quota),
    })
}

/// `QUOTA PERIOD`; no quota is `-1` in version 1 and `max` in version 2.
fn quota(text: &str) -> Option<u64> {
    let (quota, period) = text.split_once(' ')?;
    let (quota, period): (u64, u64) = (quota.parse().ok()?, period.trim().parse().ok()?);
    quota.checked_mul(1_000_000_000)?.checked_div(period)
}

/// The ids that were asked for and not found.
pub(super) fn missing<'a>(asked: &'a [String], found: &[Group]) -> Option<String> {
    let absent: Vec<&'a String> = asked.iter().filter(|id| !found.iter().any(|one| one.id == **id)).collect();
    if absent.is_empty() {
        return None;
    }
    let mut text = "no cgroup of container".to_owned();
    for id in absent {
        let _ = write!(text, " {}", id.get(..12).unwrap_or(id));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "== abc\nusage 52428800\nlimit 134217728\ncache 9\ninactive_file 1\ntotal_inactive_file 2428800\n";
    const V2: &str = "== def\nusage 40000000\nlimit max\nanon 1\nfile 2\ninactive_file 10000000\nactive_file 3\n";

    #[test]
    fn both_versions_give_the_working_set() {
        let memory = |id: &str, working_set, limit| Group {
            id: id.to_owned(),
            working_set,
            limit,
            cpu_ns: None,
            cpu_limit: None,
        };
        assert_eq!(
            parse(&format!("{V1}{V2}")),
            [memory("abc", 50_000_000, Some(134_217_728)), memory("def", 30_000_000, None)]
        );
    }

    #[test]
    fn version_1_writes_no_limit_as_a_huge_number() {
        let printed = "== /\nusage 5\nlimit 9223372036854771712\ntotal_inactive_file 1\n";
        assert_eq!(parse(printed)[0].limit, None);
    }

    #[test]
    fn both_versions_tell_cpu_in_nanoseconds() {
        let cpu = |text: &str| {
            let parsed = parse(&format!("== a\nusage 1\n{text}"));
            (parsed[0].cpu_ns, parsed[0].cpu_limit)
        };
        assert_eq!(cpu("cpu_ns 1500\ncpu_quota 50000 100000\n"), (Some(1500), Some(500_000_000)));
        assert_eq!(cpu("cpu_ns 1500\ncpu_quota -1 100000\n"), (Some(1500), None));
        assert_eq!(cpu("usage_usec 7\nuser_usec 5\ncpu_quota 150000 100000\n"), (Some(7000), Some(1_500_000_000)));
        assert_eq!(cpu("usage_usec 7\ncpu_quota max 100000\n"), (Some(7000), None));
        assert_eq!(cpu(""), (None, None));
    }

    #[test]
    fn a_container_without_a_cgroup_is_named() {
        let asked = ["abc".to_owned(), "0123456789abcdef".to_owned()];
        let found = parse(&format!("{V1}== 0123456789abcdef\n"));
        assert_eq!(missing(&asked, &found).as_deref(), Some("no cgroup of container 0123456789ab"));
        assert_eq!(missing(&asked[..1], &found), None);
    }
}
