//! `job`: it completed, or it failed with the exit code that was promised.

use super::{Judged, Outcome, last_lines};
use crate::model::JobCheck;
use seatrial_observation::{ContainerEnd, JobSeen, Reason};

pub(super) fn look(check: &JobCheck, seen: &[JobSeen]) -> Judged {
    let [job] = seen else {
        let why =
            "is not there: a hook that Helm removes after its run, or a Job whose time is over, can't be looked at";
        return Judged::unseen(format!("{}: {why}", check.of));
    };
    let promise = match check.exit {
        0 => "to complete".to_owned(),
        code => format!("to fail with exit code {code}"),
    };
    let is_promised = |end: &&ContainerEnd| end.code == check.exit;
    match &job.failed {
        None if job.is_complete && check.exit == 0 => Outcome::Holds.into(),
        None if job.is_complete => doomed(job, &format!("expected {promise}, seen it complete"), &[]),
        None => Judged::broken(format!("{}: {}{}", name(job), waiting(job), tails(&job.ends))),
        Some(_) if check.exit != 0 && job.ends.iter().rev().any(|end| is_promised(&end)) => Outcome::Holds.into(),
        Some(failed) => {
            let seen = codes(&job.ends).unwrap_or_else(|| "no container that ended".to_owned());
            doomed(job, &format!("expected {promise}, seen it fail ({failed}), {seen}"), &job.ends)
        }
    }
}

fn doomed(job: &JobSeen, message: &str, ends: &[ContainerEnd]) -> Judged {
    let detail = ends.iter().rev().find(|end| end.code != 0).map(|end| end.tail.clone());
    Outcome::Doomed(Reason { detail: detail.unwrap_or_default(), ..Reason::new(format!("{}: {message}", name(job))) })
        .into()
}

fn name(job: &JobSeen) -> String {
    format!("job/{}", job.job)
}

fn waiting(job: &JobSeen) -> String {
    let seen = job.waiting.clone().unwrap_or_else(|| "neither completed nor failed".to_owned());
    codes(&job.ends).map_or(seen.clone(), |codes| format!("{seen}, {codes}"))
}

/// How the last container ended that did not end well, and how many did before.
fn codes(ends: &[ContainerEnd]) -> Option<String> {
    let bad: Vec<&ContainerEnd> = ends.iter().filter(|end| end.code != 0).collect();
    let last = bad.last()?;
    let of = if bad.len() > 1 { format!(" (the last of {} that failed)", bad.len()) } else { String::new() };
    Some(format!("pod/{} container/{} ended with exit code {}{of}", last.pod, last.container, last.code))
}

fn tails(ends: &[ContainerEnd]) -> String {
    let last = ends.iter().rev().find(|end| end.code != 0);
    last.map(|end| last_lines(&end.tail)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::checks::told;
    use crate::model::{Kind, Name, Target};

    fn seen(code: i64, is_complete: bool, failed: Option<&str>) -> JobSeen {
        let (pod, container) = ("clean-1".to_owned(), "clean".to_owned());
        let tail = if code == 0 { Vec::new() } else { vec!["no such table".to_owned()] };
        JobSeen {
            job: "clean".to_owned(),
            is_complete,
            failed: failed.map(str::to_owned),
            waiting: Some("0 of 1 completions".to_owned()).filter(|_| failed.is_none()),
            ends: vec![ContainerEnd { pod, container, code, tail }],
        }
    }

    #[track_caller]
    fn check(exit: i64, jobs: &[JobSeen], expected: &str) {
        let of = Target::Object { kind: Kind::Named("Job".to_owned()), name: Name::Is("clean".to_owned()) };
        assert_eq!(told(look(&JobCheck { of, exit }, jobs)), expected);
    }

    #[test]
    fn a_job_completes_or_fails_as_promised() {
        let failed = Some("BackoffLimitExceeded: too often");
        check(0, &[seen(0, true, None)], "holds");
        check(3, &[seen(3, false, failed)], "holds");
        check(
            0,
            &[seen(3, false, failed)],
            "doomed: job/clean: expected to complete, seen it fail (BackoffLimitExceeded: too often), pod/clean-1 \
             container/clean ended with exit code 3 | no such table",
        );
        check(3, &[seen(0, true, None)], "doomed: job/clean: expected to fail with exit code 3, seen it complete");
        check(
            2,
            &[seen(3, false, failed)],
            "doomed: job/clean: expected to fail with exit code 2, seen it fail (BackoffLimitExceeded: too often), \
             pod/clean-1 container/clean ended with exit code 3 | no such table",
        );
    }

    #[test]
    fn one_that_goes_on_is_waited_for() {
        check(0, &[seen(0, false, None)], "broken: job/clean: 0 of 1 completions");
        check(
            0,
            &[seen(3, false, None)],
            "broken: job/clean: 0 of 1 completions, pod/clean-1 container/clean ended with exit code 3\n  no such table",
        );
        check(
            0,
            &[],
            "unseen: job/clean: is not there: a hook that Helm removes after its run, or a Job whose time is over, can't \
             be looked at",
        );
    }
}
