//! Units of contracts: Kubernetes quantities (`100Mi`, `500m`), decimal sizes (`1GB`) and durations (`1m30s`).

use std::time::Duration;

/// Suffix → factor, the longer suffixes first where one ends another.
const SUFFIXES: [(&str, f64); 24] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("kB", 1e3),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("TB", 1e12),
    ("PB", 1e15),
    ("EB", 1e18),
    ("B", 1.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("", 1.0),
];

/// The amount of a quantity: bytes for sizes, cores for CPU. Kubernetes' suffixes, and decimal `kB MB GB TB`.
#[must_use]
pub fn quantity(text: &str) -> Option<f64> {
    SUFFIXES.iter().find_map(|(suffix, factor)| Some(number(text.strip_suffix(suffix)?)? * factor))
}

/// Whether a quantity is written with a unit: `1Gi` and `500m`, but not `1.10`, which may well be a version.
pub(crate) fn is_with_unit(text: &str) -> bool {
    quantity(text).is_some() && text.ends_with(|c: char| c.is_ascii_alphabetic())
}

/// A duration: numbers with `us`, `ms`, `s`, `m`, `h` or `d`, one after another (`1m30s`).
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit = rest[digits..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |n| digits + n);
        seconds += number(&rest[..digits])? * unit_seconds(&rest[digits..unit])?;
        rest = &rest[unit..];
    }
    Duration::try_from_secs_f64(seconds).ok()
}

fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    })
}

/// A plain decimal number, an exponent allowed; not `inf`, not `nan`.
fn number(text: &str) -> Option<f64> {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
        && text.ends_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.chars().any(|c| c.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_amounts() {
        let table = [
            ("100Mi", Some(104_857_600.0)),
            ("1GB", Some(1e9)),
            ("1G", Some(1e9)),
            ("500m", Some(0.5)),
            ("0.5", Some(0.5)),
            ("1e3", Some(1000.0)),
            ("2E", Some(2e18)),
            ("5s", None),
            ("plenty", None),
            ("", None),
            ("inf", None),
            ("nan", None),
            ("Gi", None),
            ("1.2.3", None),
        ];
        for (text, amount) in table {
            assert_eq!(quantity(text), amount, "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        let table = [
            ("5s", Some(5_000)),
            ("200ms", Some(200)),
            ("1m30s", Some(90_000)),
            ("2m", Some(120_000)),
            ("0.5s", Some(500)),
            ("7d", Some(604_800_000)),
            ("5", None),
            ("", None),
            ("s", None),
            ("5 s", None),
            ("-5s", None),
            ("5parsecs", None),
            ("1.2.3s", None),
        ];
        for (text, millis) in table {
            assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn a_version_is_no_quantity_with_a_unit() {
        assert!(is_with_unit("1Gi") && is_with_unit("500m"));
        assert!(!is_with_unit("1.10") && !is_with_unit("v1m") && !is_with_unit("latest"));
    }
}
