//! The address of a pod that is being made: the kernel of its node knows it when the sandbox is there, the API server
//! only when the containers have been started.

/// Waits for the first process in a cgroup of the pod that has a network of its own, and prints that network's routes.
/// The argument is a regular expression for the pod's uid, in which cgroups write `_` for `-`.
pub(super) const SCRIPT: &str = r#"
own=$(readlink /proc/1/ns/net); tries=0
while [ $tries -lt 1500 ]; do
  for file in $(grep -l "$1" /proc/[0-9]*/cgroup 2>/dev/null); do
    process=${file%/cgroup}
    net=$(readlink "$process/ns/net" 2>/dev/null)
    if [ -n "$net" ] && [ "$net" != "$own" ]; then cat "$process/net/fib_trie" && exit 0; fi
  done
  tries=$((tries + 1))
  sleep 0.01
done
echo "no process of the pod came up" >&2
exit 1
"#;

/// The expression for a pod's uid.
pub(super) fn like(uid: &str) -> String {
    format!("pod{}", uid.replace('-', "."))
}

/// The pod's own address among its routes; IPv4.
pub(super) fn address(routes: &str) -> Option<String> {
    let mut last = "";
    for line in routes.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.trim();
        }
        if line == "/32 host LOCAL" && !last.starts_with("127.") {
            return Some(last.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.244.0.0/24 2 0 2
        +-- 10.244.0.0/28 2 0 2
           |-- 10.244.0.0
              /24 link UNICAST
           |-- 10.244.0.7
              /32 host LOCAL
        |-- 10.244.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
";

    #[test]
    fn the_pods_own_address_is_among_its_routes() {
        assert_eq!(address(ROUTES).as_deref(), Some("10.244.0.7"));
        assert_eq!(address(&ROUTES.replace("10.244.0.7", "127.0.0.2")), None);
        assert_eq!(address(""), None);
    }

    #[test]
    fn cgroups_write_uids_in_their_own_way() {
        assert_eq!(like("1a-2b"), "pod1a.2b");
    }
}
