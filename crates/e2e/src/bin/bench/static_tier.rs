//! What the static tier may cost, with the program as it is shipped (release): beside the Helm processes that it must
//! start anyway, with 10,000 objects, with 1,000 clauses, and with a repository of 40 charts.

mod repositories;

use super::budgets::Budget;
use super::ground::{Ground, PATIENCE};
use super::pairs::{Outcome, Side, interleaved};
use camino::{Utf8Path, Utf8PathBuf};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use repositories::HelmCall;
use seatrial_harness::command::Cmd;
use std::time::Instant;

pub(crate) const NAME: &str = "static-tier";

/// Everything, each as often as there are pairs.
pub(crate) async fn measure(ground: &Ground, pairs: usize) -> Outcome<Vec<Budget>> {
    let bench = Bench { ground, program: program()? };
    let mut all = bench.objects(pairs).await?;
    all.push(bench.growth(pairs).await?);
    all.push(bench.clauses(pairs).await?);
    all.push(bench.repository(pairs).await?);
    all.extend(bench.beside_helm(pairs).await?);
    Ok(all)
}

/// The release build, which `just bench` makes: what a user runs is no debug build.
fn program() -> Outcome<Utf8PathBuf> {
    let here = Utf8PathBuf::try_from(std::env::current_exe()?)?;
    let target = here.ancestors().nth(2).ok_or("the bench is in no target folder")?;
    let program = target.join("release/seatrial");
    let missing = || format!("{program} is missing: run `just bench`, or `cargo build --release --package seatrial`");
    if program.is_file() { Ok(program) } else { Err(missing().into()) }
}

struct Bench<'g> {
    ground: &'g Ground,
    program: Utf8PathBuf,
}

impl Bench<'_> {
    async fn objects(&self, runs: usize) -> Outcome<Vec<Budget>> {
        let root = self.ground.dir().join("objects");
        repositories::objects(&root, 2_500)?;
        // Once by Helm, then from the cache: what is measured is ours alone.
        self.check(&root, "home").await?;
        let mut seconds = Vec::new();
        for _ in 0..runs {
            seconds.push(self.checked(&root, "home", &["taskset", "--cpu-list", "0"]).await?);
        }
        let memory = self.peak(&root, "home").await?;
        Ok(vec![
            Budget::new(
                "objects",
                "10,000 rendered objects checked on one core, the program's whole life",
                1.0,
                "s",
                seconds,
            ),
            Budget::new("objects-memory", "the most memory that took", 200.0, "MB", vec![memory]),
        ])
    }

    /// Twice as many objects of all kinds that default clauses ask of, after a release of the same: what doubles with
    /// them is linear, what is quadratic would be four times as much.
    async fn growth(&self, runs: usize) -> Outcome<Budget> {
        let (more, less) = (self.ground.dir().join("varied-10000"), self.ground.dir().join("varied-5000"));
        repositories::varied(&more, 1_250)?;
        repositories::varied(&less, 625)?;
        for root in [&more, &less] {
            self.check(root, "home").await?;
        }
        let mut cpu = [Vec::new(), Vec::new()];
        interleaved(runs, async |side| {
            let before = spent(&children()?);
            let took = self.checked(if side == Side::Ours { &more } else { &less }, "home", &[]).await?;
            cpu[side as usize].push(spent(&children()?) - before);
            Ok(took)
        })
        .await?;
        let [more, less] = &cpu;
        let ratios = more.iter().zip(less).map(|(more, less)| more / less).collect();
        let what = "CPU: `check` of 10,000 objects of eight kinds after a release / of 5,000";
        Ok(Budget::new("objects-growth", what, 2.5, "×", ratios))
    }

    /// The same chart with 1,000 clauses and with one: the difference is what clauses cost to load, bind and list.
    async fn clauses(&self, runs: usize) -> Outcome<Budget> {
        let (many, one) = (self.ground.dir().join("clauses"), self.ground.dir().join("clause"));
        repositories::clauses(&many, 1_000)?;
        repositories::clauses(&one, 1)?;
        for root in [&many, &one] {
            self.plan(root).await?;
        }
        let pairs =
            interleaved(runs, async |side| self.plan(if side == Side::Ours { &many } else { &one }).await).await?;
        let more = pairs.ours.iter().zip(&pairs.theirs).map(|(many, one)| (many - one) * 1e3).collect();
        let what = "`plan` with 1,000 clauses, less the same with one";
        Ok(Budget::new("clauses", what, 100.0, "ms", more))
    }

    async fn repository(&self, runs: usize) -> Outcome<Budget> {
        let root = self.ground.dir().join("repository");
        repositories::charts(&root, 40)?;
        let mut seconds = Vec::new();
        for run in 0..runs {
            seconds.push(self.checked(&root, &format!("home-{run}"), &[]).await?);
        }
        Ok(Budget::new("repository", "40 charts in 3 environments each, nothing cached", 10.0, "s", seconds))
    }

    /// Our own charts, nothing cached, beside the calls of Helm that their environments and their contracts' refused
    /// values ask for, one after the other.
    async fn beside_helm(&self, pairs: usize) -> Outcome<Vec<Budget>> {
        let root = e2e::program::root();
        let calls = repositories::helm_calls(&root)?;
        let (mut wall, mut cpu, mut run) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()], 0);
        interleaved(pairs, async |side| {
            run += 1;
            let (before, started) = (spent(&children()?), Instant::now());
            match side {
                Side::Ours => self.check(&root, &format!("helm-{run}")).await?,
                Side::Theirs => self.helm(&calls).await?,
            }
            let took = started.elapsed().as_secs_f64();
            wall[side as usize].push(took);
            cpu[side as usize].push(spent(&children()?) - before);
            Ok(took)
        })
        .await?;
        let ratios = |[ours, theirs]: &[Vec<f64>; 2]| ours.iter().zip(theirs).map(|(o, t)| o / t).collect();
        let refused = calls.iter().filter(|call| call.is_refused).count();
        let note = format!("{} renders, and {refused} of values that must be refused", calls.len() - refused);
        Ok(vec![
            Budget::new(
                "beside-helm",
                "wall: `check` of all charts / their Helm processes alone",
                1.3,
                "×",
                ratios(&wall),
            )
            .with(&note),
            Budget::new(
                "beside-helm-cpu",
                "CPU: `check` of all charts / their Helm processes alone",
                1.3,
                "×",
                ratios(&cpu),
            )
            .with(&note),
        ])
    }

    async fn helm(&self, calls: &[HelmCall]) -> Outcome<()> {
        for HelmCall { args, is_refused } in calls {
            let ended = Cmd::new(&self.ground.tools.helm).args(args).timeout(PATIENCE).run().await?;
            if ended.is_ok() == *is_refused {
                return Err(format!("helm {}: {}", args.join(" "), ended.tail()).into());
            }
        }
        Ok(())
    }

    async fn check(&self, root: &Utf8Path, home: &str) -> Outcome<()> {
        self.checked(root, home, &[]).await.map(drop)
    }

    async fn checked(&self, root: &Utf8Path, home: &str, before: &[&str]) -> Outcome<f64> {
        self.called(root, home, before, &["check"]).await
    }

    /// The most memory that `check` takes, in MB. A process of its own asks: the system tells the largest child so far,
    /// and this one's children are also the compiler's, when cargo became the bench.
    async fn peak(&self, root: &Utf8Path, home: &str) -> Outcome<f64> {
        let here = std::env::current_exe()?.into_os_string().into_string().map_err(|_| "a path that is no UTF-8")?;
        let words = [here.as_str(), "peak", self.program.as_str(), "check"];
        let kilobytes: f64 = self.command(root, home, &words).run_ok().await?.text().trim().parse()?;
        Ok(kilobytes * 1024.0 / 1e6)
    }

    async fn plan(&self, root: &Utf8Path) -> Outcome<f64> {
        self.called(root, "home", &[], &["plan"]).await
    }

    async fn called(&self, root: &Utf8Path, home: &str, before: &[&str], args: &[&str]) -> Outcome<f64> {
        let words = [before, &[self.program.as_str()], args].concat();
        Ok(self.command(root, home, &words).run_ok().await?.seconds)
    }

    fn command(&self, root: &Utf8Path, home: &str, words: &[&str]) -> Cmd {
        let home = self.ground.dir().join("homes").join(root.file_name().unwrap_or("own")).join(home);
        Cmd::new(words[0]).args(&words[1..]).cwd(root).env("SEATRIAL_HOME", &home).timeout(PATIENCE)
    }
}

/// Runs a command and gives the most memory that it and its children had, in kB (`ru_maxrss` of getrusage(2)).
pub(crate) async fn peak(command: &[String]) -> Outcome<i64> {
    let (program, args) = command.split_first().ok_or("no command")?;
    Cmd::new(program).args(args).timeout(PATIENCE).run_ok().await?;
    Ok(children()?.max_rss())
}

fn children() -> Outcome<Usage> {
    Ok(getrusage(UsageWho::RUSAGE_CHILDREN)?)
}

/// Seconds of the processor.
fn spent(usage: &Usage) -> f64 {
    (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6
}
