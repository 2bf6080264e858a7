//! The name of a shared cluster: it carries its run and its expiry, since kind's containers take no labels of ours.

use crate::run_id::{RunId, base36, is_id};

/// `st-<run>-<expiry>`: the expiry in seconds of the wall clock, base 36.
pub fn cluster_name(run: &RunId, expires: u64) -> String {
    format!("st-{run}-{}", base36(expires))
}

/// When a cluster of this name expires, in seconds of the wall clock; `None` if the name is none of ours.
pub(crate) fn expiry_of(name: &str) -> Option<u64> {
    let (run, expiry) = name.strip_prefix("st-")?.split_once('-')?;
    let is_base36 = expiry.len() >= 5 && expiry.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    (is_id(run) && is_base36).then(|| u64::from_str_radix(expiry, 36).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_expiry() {
        let name = cluster_name(&RunId::of("abcd1234"), 1_795_000_000);
        assert_eq!(name, "st-abcd1234-top2v4");
        assert_eq!(expiry_of(&name), Some(1_795_000_000));
    }

    #[test]
    fn other_names_are_not_ours() {
        for name in [
            "kind",
            "st-",
            "st-abcd1234",
            "st-abcd1234-",
            "st-staging-cluster",
            "st-ABCD1234-top2v4",
            "pallet-dev",
            "xst-abcd1234-top2v4",
        ] {
            assert_eq!(expiry_of(name), None, "{name}");
        }
    }
}
