//! What may be so large and no larger: shown with its limit, asserted nowhere.

use super::pairs::Spread;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One figure with its limit.
#[derive(Debug)]
pub(crate) struct Budget {
    name: &'static str,
    what: &'static str,
    limit: f64,
    unit: &'static str,
    samples: Vec<f64>,
    note: Option<String>,
}

impl Budget {
    pub(crate) fn new(
        name: &'static str,
        what: &'static str,
        limit: f64,
        unit: &'static str,
        samples: Vec<f64>,
    ) -> Self {
        Self { name, what, limit, unit, samples, note: None }
    }

    pub(crate) fn with(mut self, note: &str) -> Self {
        self.note = Some(note.to_owned());
        self
    }

    /// Two lines for people.
    pub(crate) fn text(&self) -> String {
        let Some(Spread { median, min, max }) = Spread::of(&self.samples) else {
            return format!("{}: nothing was measured", self.what);
        };
        let (what, limit, unit, n) = (self.what, self.limit, self.unit, self.samples.len());
        let verdict = if median < limit { "within" } else { "OVER" };
        let mut text = format!("{what}\n  {median:.2} {unit}  ({min:.2}…{max:.2}, n={n})  {verdict} {limit} {unit}");
        if let Some(note) = &self.note {
            let _ = write!(text, "  [{note}]");
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        let spread = Spread::of(&self.samples);
        json!({
            "name": self.name,
            "what": self.what,
            "limit": self.limit,
            "unit": self.unit,
            "value": spread.map(|spread| spread.json()),
            "isWithin": spread.map(|spread| spread.median < self.limit),
            "samples": self.samples,
            "note": self.note,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn a_figure_is_shown_with_its_limit() {
        let of = |samples: &[f64]| Budget::new("x", "from a to b", 2.0, "s", samples.to_vec());
        assert_eq!(of(&[1.0, 1.5, 9.0]).text(), "from a to b\n  1.50 s  (1.00…9.00, n=3)  within 2 s");
        assert_eq!(of(&[3.0]).with("two").text(), "from a to b\n  3.00 s  (3.00…3.00, n=1)  OVER 2 s  [two]");
        assert_eq!(of(&[]).text(), "from a to b: nothing was measured");
        assert_eq!(
            (of(&[1.0]).json()["isWithin"].clone(), of(&[]).json()["isWithin"].clone()),
            (true.into(), ().into())
        );
    }
}
