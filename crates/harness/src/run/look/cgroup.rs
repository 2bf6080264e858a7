//! Memory by cgroup files, of version 1 and 2 alike: the working set is what is in use less the file cache that the
//! kernel would drop first, as the kubelet counts.

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
done
"#;

/// A limit above this is none: version 1 writes "unlimited" as a huge number.
const NO_LIMIT: u64 = 1 << 60;

/// Memory of one cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) id: String,
    pub(super) working_set: u64,
    pub(super) limit: Option<u64>,
}

/// Reads what the script printed; a container whose cgroup was not found is missing.
pub(super) fn parse(printed: &str) -> Vec<Memory> {
    printed.split("== ").skip(1).filter_map(parse_one).collect()
}

fn parse_one(block: &str) -> Option<Memory> {
    let (id, rest) = block.split_once('\n')?;
    let value = |key: &str| {
        let mut lines = rest.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(name, _)| *name == key).and_then(|(_, value)| value.trim().parse::<u64>().ok())
    };
    let usage = value("usage")?;
    // Version 1 sums a hierarchy in `total_…`.
    let inactive = value("total_inactive_file").or_else(|| value("inactive_file")).unwrap_or(0);
    let limit = value("limit").filter(|limit| *limit < NO_LIMIT);
    Some(Memory { id: id.trim().to_owned(), working_set: usage.saturating_sub(inactive), limit })
}

/// The ids that were asked for and not found.
pub(super) fn missing<'a>(asked: &'a [String], found: &[Memory]) -> Option<String> {
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
        let memory = |id: &str, working_set, limit| Memory { id: id.to_owned(), working_set, limit };
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
    fn a_container_without_a_cgroup_is_named() {
        let asked = ["abc".to_owned(), "0123456789abcdef".to_owned()];
        let found = parse(&format!("{V1}== 0123456789abcdef\n"));
        assert_eq!(missing(&asked, &found).as_deref(), Some("no cgroup of container 0123456789ab"));
        assert_eq!(missing(&asked[..1], &found), None);
    }
}
