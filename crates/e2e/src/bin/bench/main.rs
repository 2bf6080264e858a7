//! `just bench`: Seatrial beside the usual way of doing the same thing, as medians of interleaved pairs with their
//! spread, and what the static tier costs beside its limits. Ratios of one run on one machine; nothing is asserted.
//!
//! ```text
//! bench [--pairs N] [--only static-tier|cluster-start|install|image-load]
//! ```

mod arguments;
mod budgets;
mod cluster_start;
mod ground;
mod image_load;
mod install;
mod pairs;
mod report;
mod static_tier;

use arguments::Arguments;
use budgets::Budget;
use ground::Ground;
use pairs::{Comparison, Outcome};
use std::process::ExitCode;

fn main() -> ExitCode {
    seatrial_probes::install_tls_provider();
    let ended = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Arguments::Bench { pairs, only }) => e2e::program::block_on(bench(pairs, only.as_deref())),
        Ok(Arguments::Guard { lease }) => {
            e2e::program::block_on(seatrial_harness::guard::guard(&lease)).map_err(Into::into)
        }
        Ok(Arguments::Peak { command }) => e2e::program::block_on(static_tier::peak(&command)).map(report::figure),
        Err(usage) => Err(usage.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Measures, writes the report of what was measured, and removes everything: also when something failed or the user
/// has had enough.
async fn bench(pairs: usize, only: Option<&str>) -> Outcome<()> {
    let ground = Ground::new()?;
    let mut results = Results::default();
    let measured = tokio::select! {
        measured = measure(&ground, pairs, only, &mut results) => measured,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    let cleared = ground.clear().await;
    if !results.comparisons.is_empty() || !results.budgets.is_empty() {
        report::write(&results, pairs)?;
    }
    measured.and(cleared)
}

/// What was measured so far.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) budgets: Vec<Budget>,
}

async fn measure(ground: &Ground, pairs: usize, only: Option<&str>, results: &mut Results) -> Outcome<()> {
    let is_wanted = |name| only.is_none_or(|only| only == name);
    if is_wanted(static_tier::NAME) {
        let budgets = static_tier::measure(ground, pairs).await?;
        report::show_budgets(&budgets);
        results.budgets = budgets;
    }
    let comparisons = &mut results.comparisons;
    if is_wanted(cluster_start::NAME) {
        keep(comparisons, cluster_start::compare(ground, pairs).await?);
    }
    if !is_wanted(install::NAME) && !is_wanted(image_load::NAME) {
        return Ok(());
    }
    let warm = ground.warm().await?;
    if is_wanted(image_load::NAME) {
        keep(comparisons, image_load::compare(ground, &warm, pairs).await?);
    }
    if is_wanted(install::NAME) {
        keep(comparisons, install::compare(ground, &warm, pairs).await?);
    }
    Ok(())
}

fn keep(comparisons: &mut Vec<Comparison>, comparison: Comparison) {
    report::show(&comparison);
    comparisons.push(comparison);
}
