//! `seatrial plan`: every verdict that `verify` would give, in the order they are judged.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{lock, planning};
use camino::Utf8PathBuf;
use seatrial_contracts::model::{ChartPlan, EnvironmentPlan, Need, Slot};
use serde_json::{Value, json};

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folders of charts, or their names in charts/; all of them where none is given
    #[arg(value_name = "CHART")]
    charts: Vec<Utf8PathBuf>,

    /// Write the names of all verdicts of all charts to clauses.lock
    #[arg(long, conflicts_with = "charts")]
    lock: bool,
}

/// Plans and tells.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let charts = context.repository.charts(&args.charts)?;
    let plans = planning::all(&charts).await?.complete()?;
    if args.lock {
        let count = lock::write(&context.repository.root, &plans)?;
        context.printer.line(&format!("{count} verdicts in {}", context.repository.relative(lock::FILE)));
    } else {
        context.printer.answer(&value(&plans), || text(&plans));
    }
    Ok(Exit::Good)
}

fn value(plans: &[ChartPlan]) -> Value {
    let slots = plans.iter().flat_map(|plan| &plan.environments).flat_map(|environment| &environment.slots);
    let needs = chosen(plans).flat_map(|(plan, environment)| {
        let of =
            move |need: &Need| json!({ "chart": plan.chart, "environment": environment.name, "need": need.title() });
        environment.needs.iter().map(of)
    });
    json!({
        "schema": "seatrial.plan/v1",
        "needs": needs.collect::<Vec<_>>(),
        "verdicts": slots.map(slot_value).collect::<Vec<_>>(),
    })
}

/// The environments of which something is judged.
fn chosen(plans: &[ChartPlan]) -> impl Iterator<Item = (&ChartPlan, &EnvironmentPlan)> {
    let all = plans.iter().flat_map(|plan| plan.environments.iter().map(move |environment| (plan, environment)));
    all.filter(|(_, environment)| !environment.slots.is_empty())
}

fn slot_value(slot: &Slot) -> Value {
    json!({
        "chart": slot.id.chart,
        "environment": slot.id.environment,
        "clause": slot.id.local(),
        "class": slot.class,
        "level": slot.level,
        "origin": slot.origin,
        "after": slot.after,
        "covers": slot.covers,
        "skip": slot.skip.as_ref().map(|skip| &skip.reason),
        "advisory": slot.is_advisory,
        "line": slot.line,
    })
}

fn text(plans: &[ChartPlan]) -> String {
    let mut lines = Vec::new();
    for (plan, environment) in chosen(plans) {
        let release = &environment.release;
        let (chart, name) = (&plan.chart, &environment.name);
        lines.push(format!("{chart}::{name}: release {} in namespace {}", release.name, release.namespace));
        lines.extend(environment.needs.iter().map(|need| format!("  needs    {}", need.title())));
        lines.extend(environment.slots.iter().map(slot_text));
    }
    let count =
        plans.iter().flat_map(|plan| &plan.environments).map(|environment| environment.slots.len()).sum::<usize>();
    lines.push(format!("{count} verdicts"));
    lines.join("\n")
}

/// What it stands on is in the JSON: for most it is the same.
fn slot_text(slot: &Slot) -> String {
    let covers = if slot.covers.is_empty() { String::new() } else { format!("  covers {}", slot.covers.join(", ")) };
    let skip = slot.skip.as_ref().map(|skip| format!("  skipped: {}", skip.reason)).unwrap_or_default();
    let level = format!("{:?}", slot.level).to_lowercase();
    format!("  {level:<8} {}{covers}{skip}", slot.id.local())
}
