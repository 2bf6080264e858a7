//! Starts of the same image in two places, taken in turns: where the next one is taken, and what the medians say. No
//! single start decides: a machine hiccups.

use super::evaluate::Ruling;
use crate::model::{Measured, Phase};
use seatrial_observation::{Ended, Part, Place, Sample, Seen, Start};

/// What to do after the starts that were taken.
#[derive(Clone, Debug, PartialEq)]
pub enum NextStart {
    /// Take one there.
    At(Place),
    /// It is enough, or there is no hope.
    Done(Ended),
}

/// Where to take the next start, of `wanted` in each place: in turns, and who begins changes from pair to pair, so that
/// no place is always the second. A start that brought nothing is taken again, as often as there are starts wanted.
pub fn next_start(samples: &[Sample], wanted: u32) -> NextStart {
    let (here, there) = (times(samples, Place::Cluster).len(), times(samples, Place::Docker).len());
    let wanted = wanted as usize;
    if here >= wanted && there >= wanted {
        return NextStart::Done(Ended::Decided);
    }
    if samples.len() >= 3 * wanted {
        return NextStart::Done(Ended::TimedOut);
    }
    let is_here_next = here < there || (here == there && here % 2 == 0);
    NextStart::At(if is_here_next { Place::Cluster } else { Place::Docker })
}

/// What the medians say of `within: { p50: +100ms, than: docker }`.
pub(super) fn compare(phase: &Phase, part: &Part) -> Ruling {
    let wanted = phase.repeat.unwrap_or(1);
    let limit = phase.within.map_or(0.0, |within| within.limit.as_secs_f64() * 1e3);
    let (here, there) = (times(&part.samples, Place::Cluster), times(&part.samples, Place::Docker));
    let (Some(ours), Some(theirs)) = (median(&here), median(&there)) else {
        return Ruling::unclear("missing", unseen(part, wanted, &here, &there));
    };
    if here.len().min(there.len()) < wanted as usize {
        return Ruling::unclear("missing", unseen(part, wanted, &here, &there));
    }
    let n = here.len().min(there.len()) as u64;
    let of = |what: &str, value: f64, limit: Option<f64>| Measured {
        what: what.to_owned(),
        value,
        limit,
        unit: "ms".to_owned(),
        n,
    };
    let measured = vec![
        of("start to first answer, more than in docker", ours - theirs, Some(limit)),
        of("median in the cluster", ours, None),
        of("median in docker", theirs, None),
    ];
    if ours - theirs <= limit {
        return Ruling::Pass(measured);
    }
    let message = format!(
        "from the start of the container to its first answer, promised at most {limit} ms longer than in docker: \
         medians of {n} are {ours:.1} ms here and {theirs:.1} ms there, {:.1} ms longer",
        ours - theirs
    );
    Ruling::Fail { cause: "late", message, measured }
}

fn unseen(part: &Part, wanted: u32, here: &[f64], there: &[f64]) -> String {
    let why = part.samples.iter().rev().find_map(|sample| match &sample.look {
        Err(error) => Some(error.message.as_str()),
        Ok(Seen::Start(start)) if start.refused == 0 => Some("it was asked too late: its first request was answered"),
        Ok(_) => None,
    });
    let taken = format!("{} starts here and {} in docker, of {wanted} each", here.len(), there.len());
    format!("too few starts could be taken ({taken}){}", why.map(|why| format!("; last: {why}")).unwrap_or_default())
}

/// What the starts of a place took. One that was never asked in vain says nothing: it may have answered long before.
fn times(samples: &[Sample], place: Place) -> Vec<f64> {
    let starts = samples.iter().filter_map(|sample| match &sample.look {
        Ok(Seen::Start(start)) => Some(*start),
        _ => None,
    });
    starts.filter(|start: &Start| start.place == place && start.refused > 0).map(|start| start.answer_ms).collect()
}

/// The middle value; the mean of the two in the middle where they are even.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Check, ReadyOf, Reference, Within};
    use seatrial_observation::LookError;
    use std::time::Duration;

    fn start(place: Place, answer_ms: f64) -> Sample {
        Sample { at_ms: 1.0, look: Ok(Seen::Start(Start { place, answer_ms, refused: 2 })) }
    }

    fn late(place: Place) -> Sample {
        Sample { at_ms: 1.0, look: Ok(Seen::Start(Start { place, answer_ms: 1.0, refused: 0 })) }
    }

    fn failed() -> Sample {
        Sample { at_ms: 1.0, look: Err(LookError { message: "the engine is away".to_owned() }) }
    }

    /// Both places, value by value.
    fn pairs(here: &[f64], there: &[f64]) -> Vec<Sample> {
        let here = here.iter().map(|ms| start(Place::Cluster, *ms));
        here.chain(there.iter().map(|ms| start(Place::Docker, *ms))).collect()
    }

    fn check(samples: Vec<Sample>, expected: &str) {
        let within = Within { limit: Duration::from_millis(100), is_of_ready: false, than: Some(Reference::Docker) };
        let check = Check::Ready(ReadyOf::Release);
        let phase = Phase { within: Some(within), repeat: Some(5), ..Phase::of(check) };
        let part = Part { before: None, looks: samples.len() as u64, samples, ended: Ended::Decided };
        let seen = match compare(&phase, &part) {
            Ruling::Pass(measured) => format!("pass {:.1}", measured[0].value),
            Ruling::Fail { message, .. } => format!("fail {message}"),
            Ruling::Inconclusive { message, .. } => format!("inconclusive {message}"),
        };
        assert!(seen.starts_with(expected), "{seen}");
    }

    #[test]
    fn medians_decide_and_no_single_start() {
        let docker = [50.0, 52.0, 51.0, 49.0, 50.0];
        check(pairs(&[120.0, 110.0, 2000.0, 130.0, 125.0], &docker), "pass 75.0");
        check(pairs(&[150.0, 150.0, 150.0, 150.0, 150.0], &docker), "pass 100.0");
        check(pairs(&[151.0, 151.0, 151.0, 1.0, 151.0], &docker), "fail from the start of the container");
        // Faster than elsewhere is no difference that anybody minds.
        check(pairs(&[10.0, 10.0, 10.0, 10.0, 10.0], &docker), "pass -40.0");
    }

    #[test]
    fn too_few_starts_prove_nothing() {
        check(Vec::new(), "inconclusive too few starts could be taken (0 starts here and 0 in docker, of 5 each)");
        let mut samples = pairs(&[1.0; 5], &[1.0; 4]);
        samples.push(failed());
        check(
            samples,
            "inconclusive too few starts could be taken (5 starts here and 4 in docker, of 5 each); last: the",
        );
        let mut samples = pairs(&[1.0; 4], &[1.0; 5]);
        samples.push(late(Place::Cluster));
        check(
            samples,
            "inconclusive too few starts could be taken (4 starts here and 5 in docker, of 5 each); last: it",
        );
    }

    #[test]
    fn places_take_turns_and_who_begins_changes() {
        let mut samples = Vec::new();
        let mut order = String::new();
        while let NextStart::At(place) = next_start(&samples, 3) {
            order.push(if place == Place::Cluster { 'c' } else { 'd' });
            samples.push(start(place, 1.0));
        }
        assert_eq!(order, "cddccd");
        assert_eq!(next_start(&samples, 3), NextStart::Done(Ended::Decided));
    }

    #[test]
    fn what_brings_nothing_is_taken_again_and_not_for_ever() {
        assert_eq!(next_start(&[failed()], 3), NextStart::At(Place::Cluster));
        assert_eq!(next_start(&[late(Place::Cluster)], 3), NextStart::At(Place::Cluster));
        assert_eq!(next_start(&vec![failed(); 9], 3), NextStart::Done(Ended::TimedOut));
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }
}
