//! `seatrial explain`: a clause with all defaults filled in, where it comes from, and what must have passed before.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning;
use camino::Utf8PathBuf;
use seatrial_contracts::judge::clause_of;
use seatrial_contracts::model::{ChartPlan, EnvironmentPlan, Origin, Slot, What};
use serde_json::{Value, json};

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The clause: its name, name[element], or the whole name of its test
    #[arg(value_name = "CLAUSE")]
    clause: String,

    /// Folders of charts, or their names in charts/; all of them where none is given
    #[arg(value_name = "CHART")]
    charts: Vec<Utf8PathBuf>,

    /// This environment only
    #[arg(short, long = "env", value_name = "ENV")]
    environment: Option<String>,
}

/// Plans and tells.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let charts = context.repository.charts(&args.charts)?;
    let plans = planning::all(&charts).await?.complete()?;
    let found: Vec<Found<'_>> = plans.iter().flat_map(|plan| args.of(plan)).collect();
    if found.is_empty() {
        let message = format!("there is no clause `{}`; `seatrial plan` lists them", args.clause);
        return Err(Failure::new(Exit::NothingJudged, message));
    }
    let value =
        json!({ "schema": "seatrial.explain/v1", "clauses": found.iter().map(Found::value).collect::<Vec<_>>() });
    context.printer.answer(&value, || found.iter().map(Found::text).collect::<Vec<_>>().join("\n\n"));
    Ok(Exit::Good)
}

/// One slot that was asked for.
struct Found<'a> {
    plan: &'a ChartPlan,
    environment: &'a EnvironmentPlan,
    slot: &'a Slot,
}

impl Args {
    fn of<'a>(&self, plan: &'a ChartPlan) -> Vec<Found<'a>> {
        let wanted =
            plan.environments.iter().filter(|one| self.environment.as_ref().is_none_or(|name| *name == one.name));
        let slots = wanted.flat_map(|environment| environment.slots.iter().map(move |slot| (environment, slot)));
        let is_it = |slot: &Slot| [slot.id.clause.clone(), slot.id.local(), slot.id.to_string()].contains(&self.clause);
        let found = slots.filter(|(_, slot)| is_it(slot));
        found.map(|(environment, slot)| Found { plan, environment, slot }).collect()
    }
}

impl Found<'_> {
    /// Who asked for it, and where that is written.
    fn origin(&self) -> String {
        let line = self.slot.line.map(|line| format!(":{line}")).unwrap_or_default();
        match (self.slot.origin, &self.slot.pack) {
            (Origin::Written, Some(pack)) => format!("the pack {pack} (contracts/packs/{pack}.yaml{line})"),
            (Origin::Written, None) => format!("{}/contract.yaml{line}", self.plan.path.trim_end_matches('/')),
            (Origin::Default, _) => "a default clause: on for every chart, off by `without:` with a reason".to_owned(),
            (Origin::Implicit, _) => "an implicit clause: others stand on it".to_owned(),
        }
    }

    /// With all defaults; nothing for what is judged on the files by a question of its own.
    fn clause(&self) -> Option<Value> {
        clause_of(self.slot, self.environment).and_then(|clause| serde_json::to_value(clause).ok())
    }

    fn value(&self) -> Value {
        let slot = self.slot;
        let timeouts = self.plan.timeouts;
        json!({
            "chart": slot.id.chart,
            "environment": slot.id.environment,
            "clause": slot.id.local(),
            "origin": slot.origin,
            "pack": slot.pack,
            "line": slot.line,
            "class": slot.class,
            "level": slot.level,
            "after": slot.after,
            "covers": slot.covers,
            "why": slot.why,
            "advisory": slot.is_advisory,
            "skip": slot.skip,
            "timeouts": { "ready": timeouts.ready.as_secs_f64(), "clause": timeouts.clause.as_secs_f64() },
            "trial": self.environment.trial,
            "filledIn": self.clause(),
        })
    }

    fn text(&self) -> String {
        let slot = self.slot;
        let after = if slot.after.is_empty() { "nothing".to_owned() } else { slot.after.join(", ") };
        let timeouts = self.plan.timeouts;
        let gives_up = format!("{:?} to be ready, {:?} for a clause", timeouts.ready, timeouts.clause);
        let mut lines = vec![
            slot.id.to_string(),
            format!("  from      {}", self.origin()),
            format!("  level     {}", word(&slot.level)),
            format!("  class     {}: {}", word(&slot.class), shares(&word(&slot.class))),
            format!("  after     {after}"),
            format!("  gives up  after {gives_up}, on top of what the clause itself names"),
        ];
        let covers = (!slot.covers.is_empty()).then(|| slot.covers.join(", "));
        let skip = slot.skip.as_ref().map(|skip| skip.reason.clone());
        let advisory = slot.is_advisory.then(|| "shown, and no gate".to_owned());
        let more = [("covers", covers), ("why", slot.why.clone()), ("skipped", skip), ("advisory", advisory)];
        lines.extend(more.into_iter().filter_map(|(key, text)| Some(format!("  {key:<9} {}", text?))));
        let clause = self.clause().and_then(|clause| serde_yaml::to_string(&clause).ok());
        let by = match slot.what {
            What::Admitted => "a dry run of every object of the render, and of a pod of each template",
            _ => "judged on the rendered files by a question of its own",
        };
        let clause = clause.unwrap_or_else(|| by.to_owned());
        lines.push("  with all defaults filled in:".to_owned());
        lines.extend(clause.lines().map(|line| format!("    {line}")));
        lines.join("\n")
    }
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(ToOwned::to_owned)).unwrap_or_default()
}

fn shares(class: &str) -> &'static str {
    match class {
        "look" => "shares a release with others",
        "measure" => "has the machine for itself",
        _ => "changes the release, or judges an install of its own",
    }
}
