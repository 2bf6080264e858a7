//! What in a namespace of a release is ours and not the release's: whatever counts, measures or removes the objects of
//! a release passes it over.

use crate::readiness::text;
use serde_json::Value;

/// The label that all of it carries.
pub(crate) const LABEL: &str = "app.kubernetes.io/managed-by";

/// The label's value.
pub(crate) const OURS: &str = "seatrial";

/// Whether an object is ours: the prober, a program beside the release, or what belongs to them.
pub(crate) fn is_ours(object: &Value) -> bool {
    text(object, "/metadata/labels/app.kubernetes.io~1managed-by") == OURS
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_helm_manages_is_not_ours() {
        let object = |by: &str| json!({ "metadata": { "name": "x", "labels": { LABEL: by } } });
        assert!(is_ours(&object("seatrial")));
        assert!(!is_ours(&object("Helm")));
        assert!(!is_ours(&json!({ "metadata": { "name": "x" } })));
    }
}
