//! `just guards`: violates each invariant on purpose, and looks whether its guard fails, and nothing else.
//!
//! Each `guards/*.patch` is such a violation, with a header that names its guard. It is applied to a worktree of HEAD
//! under `target/guards`; the checkout itself is never touched.
//!
//! ```text
//! guards [--cluster] [--only TEXT] [--list]
//! ```

mod arguments;
mod patch;
mod table;
mod trial;
mod worktree;

use arguments::Arguments;
use e2e::program::{block_on, root};
use patch::Patch;
use std::process::ExitCode;
use table::{Row, Verdict};
use worktree::Worktree;

/// Anything that keeps the guards from being tried.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let tried = Arguments::parse(std::env::args().skip(1)).map_err(Into::into).and_then(|arguments| run(&arguments));
    match tried {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            table::complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Whether every guard that was tried bites.
fn run(arguments: &Arguments) -> Outcome<bool> {
    let mut patches = patch::all(&root().join("guards"))?;
    patches.retain(|patch| arguments.only.as_ref().is_none_or(|only| patch.matches(only)));
    if patches.is_empty() {
        return Err("there is no such patch in guards/".into());
    }
    if arguments.is_listing {
        table::list(&patches);
        return Ok(true);
    }
    let rows = block_on(try_all(&patches, arguments.has_cluster))?;
    table::summary(&rows);
    Ok(rows.iter().all(Row::is_fine))
}

/// One group after the other: patches that are judged by the same command share what was built, and the proof that
/// the sound tree passes it.
async fn try_all(patches: &[Patch], has_cluster: bool) -> Outcome<Vec<Row>> {
    let worktree = Worktree::of_head(&root()).await?;
    let mut rows = Vec::new();
    for group in groups(patches) {
        let tried = if group.iter().all(|patch| patch.needs_cluster) && !has_cluster {
            group.iter().map(|patch| untried(patch)).collect()
        } else {
            try_group(&worktree, &group).await?
        };
        rows.extend(tried);
    }
    worktree.remove().await?;
    Ok(rows)
}

async fn try_group(worktree: &Worktree, group: &[&Patch]) -> Outcome<Vec<Row>> {
    let Some(first) = group.first() else { return Ok(Vec::new()) };
    table::complain(&format!("the sound tree: cargo {}", first.run));
    let sound = trial::failures(worktree, first).await;
    let trouble = match sound {
        Ok(failed) if failed.is_empty() => None,
        Ok(failed) => Some(Verdict::Unsound(failed.into_iter().collect::<Vec<_>>().join(", "))),
        Err(message) => Some(Verdict::Unsound(message)),
    };
    let mut rows = Vec::new();
    for patch in group {
        let row = match &trouble {
            Some(verdict) => Row::new(patch, verdict.clone()),
            None => try_one(worktree, patch).await?,
        };
        table::show(&row);
        rows.push(row);
    }
    Ok(rows)
}

fn untried(patch: &Patch) -> Row {
    let row = Row::new(patch, Verdict::NeedsCluster);
    table::show(&row);
    row
}

async fn try_one(worktree: &Worktree, patch: &Patch) -> Outcome<Row> {
    let verdict = match worktree.apply(&patch.path).await {
        Ok(()) => Verdict::of(patch, trial::failures(worktree, patch).await),
        Err(error) => Verdict::Stale(error.to_string()),
    };
    worktree.reset().await?;
    Ok(Row::new(patch, verdict))
}

/// Patches by what judges them, in the order of their first.
fn groups(patches: &[Patch]) -> Vec<Vec<&Patch>> {
    let mut groups: Vec<Vec<&Patch>> = Vec::new();
    for patch in patches {
        let same = |group: &&mut Vec<&Patch>| group.first().is_some_and(|first| first.run == patch.run);
        match groups.iter_mut().find(same) {
            Some(group) => group.push(patch),
            None => groups.push(vec![patch]),
        }
    }
    groups
}
