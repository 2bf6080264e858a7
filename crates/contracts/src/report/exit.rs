//! Exit codes: what a run comes to as a number.

use crate::model::{Verdict, VerdictKind};

/// What else happened in a run, besides its verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself, with an exit code of its own")]
pub struct ExitFacts {
    /// Our bug (1).
    pub is_bug: bool,
    /// The command line made no sense (2).
    pub is_usage: bool,
    /// A contract file is invalid (20).
    pub is_contract_invalid: bool,
    /// The environment did not come up (30).
    pub is_environment_down: bool,
    /// A clause of the checked-in list is missing (12).
    pub is_clause_missing: bool,
    /// Something could not be cleaned up (31).
    pub is_cleanup_failed: bool,
}

/// The exit code of a run: the first of [`exit_codes`], or 0.
pub fn exit_code(verdicts: &[Verdict], facts: &ExitFacts) -> i32 {
    exit_codes(verdicts, facts).first().copied().unwrap_or(0)
}

/// Every exit code that applies, the one that counts first; all of them are printed.
pub fn exit_codes(verdicts: &[Verdict], facts: &ExitFacts) -> Vec<i32> {
    let is_contract_bad = facts.is_contract_invalid || gating(verdicts).any(is_invalid);
    let is_broken = gating(verdicts).any(|v| v.kind == VerdictKind::Fail && !is_invalid(v));
    let has_cause = is_contract_bad || is_broken || facts.is_environment_down;
    let is_open = |v: &Verdict| v.kind == VerdictKind::Inconclusive && (v.blocked_by.is_none() || !has_cause);
    let is_nothing_judged = verdicts.iter().all(|v| v.kind == VerdictKind::Skipped);
    let all = [
        (1, facts.is_bug),
        (2, facts.is_usage),
        (20, is_contract_bad),
        (10, is_broken),
        (30, facts.is_environment_down),
        (11, gating(verdicts).any(is_open)),
        (12, facts.is_clause_missing || is_nothing_judged),
        (31, facts.is_cleanup_failed),
    ];
    all.into_iter().filter(|(_, applies)| *applies).map(|(code, _)| code).collect()
}

fn gating(verdicts: &[Verdict]) -> impl Iterator<Item = &Verdict> {
    verdicts.iter().filter(|verdict| !verdict.is_advisory)
}

fn is_invalid(verdict: &Verdict) -> bool {
    verdict.cause.as_ref().is_some_and(|cause| cause.kind == "invalid")
}
