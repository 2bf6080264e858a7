//! `seatrial verify`: installs charts into a cluster made for the occasion and judges every clause.

use crate::clock::Clock;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::{self, Planning};
use crate::selection::{Filter, Tier};
use crate::trial::{self, Conditions};
use crate::{answer, lock};
use camino::Utf8PathBuf;
use clap::ValueEnum;
use seatrial_contracts::model::Level;
use seatrial_harness::cluster::ProviderKind;
use seatrial_harness::run::skip_what_is_missing;
use std::time::Duration;

/// Arguments of `verify`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Folders of charts, or their names in charts/; all of them where none is given
    #[arg(value_name = "CHART")]
    pub(crate) charts: Vec<Utf8PathBuf>,

    /// This environment only
    #[arg(short, long = "env", value_name = "ENV")]
    pub(crate) environment: Option<String>,

    /// This clause only, and what it stands on; several where it is given several times
    #[arg(long = "clause", value_name = "NAME")]
    pub(crate) clauses: Vec<String>,

    /// Everything up to this level
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(super) up_to: Option<UpTo>,

    /// This tier by itself: what would stop it in a lower one is no gate
    #[arg(long, value_enum, value_name = "TIER")]
    pub(super) tier: Option<Tier>,

    /// A cluster made by kind, an existing one, or plain containers
    #[arg(long, value_enum, default_value_t, value_name = "PROVIDER")]
    pub(super) provider: Provider,

    /// The context of your kubeconfig, for an existing cluster
    #[arg(long, value_name = "CONTEXT", requires = "provider")]
    pub(super) context: Option<String>,

    /// Keep the cluster warm for so long (`30m`, `1h`)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) keep: Option<Duration>,

    /// Stretch time-outs by this factor on a slow machine; promises are never stretched
    #[arg(long, default_value_t = 1.0, value_name = "N", value_parser = factor)]
    pub(super) slow: f64,

    /// What the samples of a measurement neither prove nor disprove fails
    #[arg(long)]
    pub(super) strict: bool,

    /// Write the report as JSON
    #[arg(long, value_name = "FILE.json", value_parser = json_file)]
    pub(super) report: Option<Utf8PathBuf>,

    /// Leave values of Secrets in the evidence: shows that the test of redaction would see them
    #[arg(long, hide = true)]
    pub(super) unredacted: bool,

    /// Write the report as XML that CI systems read
    #[arg(long, value_name = "FILE.xml")]
    pub(super) junit: Option<Utf8PathBuf>,
}

/// The levels, as words.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum UpTo {
    /// The rendered files
    Static,
    /// A real API server, no pods
    Api,
    /// A running release
    Live,
    /// Measuring it alone on the machine
    Measure,
    /// Changing it
    Disturb,
}

/// Where the cluster comes from, as words.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Provider {
    /// Made for this run, and removed
    #[default]
    Kind,
    /// Yours; only used
    Existing,
    /// None: the image of `cluster.docker` as a container; what needs Kubernetes is skipped
    Docker,
}

/// Plans, judges, reports.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Exit, Failure> {
    let mut clock = Clock::start();
    let charts = context.repository.charts(&args.charts)?;
    tell_what_does_not_act(context)?;
    let mut planning = planning::all(&charts).await?;
    let missing = args.missing(&planning, context);
    let filter = args.filter();
    let conditions = args.conditions();
    for plan in &mut planning.plans {
        skip_what_is_missing(plan, conditions.provider.capabilities());
        filter.apply(plan);
    }
    clock.lap("plan");
    if let Some(failure) = nothing_selected(&planning, &filter) {
        return Err(failure);
    }
    let trial = trial::judge(&planning.plans, &conditions, context, &mut clock).await;
    let answer = answer::Answer { planning: &planning, trial: &trial, missing: &missing, clock: &clock };
    answer.give(context, args.report.as_deref(), args.junit.as_deref())
}

impl Args {
    /// All charts, up to the static level.
    pub(crate) fn up_to_static() -> Self {
        Self {
            charts: Vec::new(),
            environment: None,
            clauses: Vec::new(),
            up_to: Some(UpTo::Static),
            tier: None,
            provider: Provider::Kind,
            context: None,
            keep: None,
            slow: 1.0,
            strict: false,
            report: None,
            unredacted: false,
            junit: None,
        }
    }

    /// The same, and a dry run on an existing cluster.
    pub(crate) fn up_to_api(context: &str) -> Self {
        let (up_to, provider) = (Some(UpTo::Api), Provider::Existing);
        Self { up_to, provider, context: Some(context.to_owned()), ..Self::up_to_static() }
    }

    /// The clauses of `clauses.lock` that the plans lack, where nothing narrows the plans.
    fn missing(&self, planning: &Planning, context: &Context) -> Vec<String> {
        let is_narrowed = !self.charts.is_empty() || self.environment.is_some() || !self.clauses.is_empty();
        if is_narrowed || !planning.failures.is_empty() {
            return Vec::new();
        }
        let difference = lock::compare(&context.repository.root, &planning.plans);
        if let Some(first) = difference.unlisted.first() {
            let count = difference.unlisted.len();
            context
                .events
                .warn(format!("{count} verdicts are not in clauses.lock, {first} is one: `seatrial plan --lock`"));
        }
        difference.missing
    }

    fn filter(&self) -> Filter {
        Filter {
            environment: self.environment.clone(),
            clauses: self.clauses.clone(),
            up_to: self.up_to.map(UpTo::level),
            tier: self.tier,
        }
    }

    fn conditions(&self) -> Conditions {
        let provider = match self.provider {
            Provider::Kind => ProviderKind::Kind,
            Provider::Existing => ProviderKind::Existing,
            Provider::Docker => ProviderKind::Docker,
        };
        let (context, keep, slow, is_strict) = (self.context.clone(), self.keep, self.slow, self.strict);
        Conditions {
            provider,
            context,
            keep,
            slow,
            is_strict,
            has_gates: self.tier.is_none(),
            is_redacted: !self.unredacted,
        }
    }
}

impl UpTo {
    fn level(self) -> Level {
        match self {
            Self::Static => Level::Static,
            Self::Api => Level::Api,
            Self::Live => Level::Live,
            Self::Measure => Level::Measure,
            Self::Disturb => Level::Disturb,
        }
    }
}

/// Nothing of the repository file is ignored silently.
fn tell_what_does_not_act(context: &Context) -> Result<(), Failure> {
    let notes = context.repository.file()?.map(|around| around.repository.without_effect());
    notes.into_iter().flatten().for_each(|note| context.events.warn(note));
    Ok(())
}

/// Zero clauses are no pass, and neither is a named one that is not there.
fn nothing_selected(planning: &Planning, filter: &Filter) -> Option<Failure> {
    let is_any = planning.plans.iter().flat_map(|plan| &plan.environments).any(|e| !e.slots.is_empty());
    let unknown = filter.unknown(&planning.plans);
    if (is_any && unknown.is_empty()) || !planning.failures.is_empty() {
        return None;
    }
    let words = [
        (!unknown.is_empty()).then(|| format!("clause `{}`", unknown.join("`, `"))),
        filter.environment.as_ref().map(|name| format!("environment `{name}`")),
    ];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(" in ");
    let what = if words.is_empty() {
        "no clause is judged on these levels".to_owned()
    } else {
        format!("there is no {words}")
    };
    Some(Failure::new(Exit::NothingJudged, format!("no clause was selected: {what}; `seatrial plan` lists them")))
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = seatrial_contracts::judge::expect::duration(text);
    parsed.ok_or_else(|| "a duration is written like 90s, 30m or 1h".to_owned())
}

fn factor(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (1.0..=100.0).contains(number));
    number.ok_or_else(|| "a factor from 1 to 100".to_owned())
}

fn json_file(text: &str) -> Result<Utf8PathBuf, String> {
    let path = Utf8PathBuf::from(text);
    if path.extension() == Some("json") { Ok(path) } else { Err("a report is written as FILE.json".to_owned()) }
}
