//! Bad days: what is missing, taken, full or gone is named with its remedy and the promised exit code, and nothing is
//! left behind.

use camino::{Utf8Path, Utf8PathBuf};
use e2e::State;
use e2e::charts::Copy;
use e2e::engine::{Left, below, files};
use e2e::faulty::{FullDisk, Relay};
use e2e::kill::{is_called, until};
use e2e::program::tool;
use seatrial_harness::command::Finished;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

fn state() -> State {
    State::new(env!("CARGO_BIN_EXE_seatrial-e2e"))
}

/// It ended so, and said all of these words.
#[track_caller]
fn check(finished: &Finished, code: i32, words: &[&str]) {
    assert_eq!(finished.code, Some(code), "{}{}", finished.stdout, finished.stderr);
    for word in words {
        assert!(finished.stderr.contains(word), "it does not say `{word}`:\n{}", finished.stderr);
    }
}

/// A folder of the test that stands for PATH, with these programs in it: links, or scripts of these lines.
fn path_of(state: &State, links: &[&str], scripts: &[(&str, &str)]) -> Utf8PathBuf {
    let dir = state.file("bin");
    std::fs::create_dir_all(&dir).expect("a folder");
    for link in links {
        let name = Utf8Path::new(link).file_name().expect("a name");
        std::os::unix::fs::symlink(link, dir.join(name)).expect("a link");
    }
    for (name, lines) in scripts {
        std::fs::write(dir.join(name), format!("#!/bin/sh\n{lines}\n")).expect("a script");
        std::fs::set_permissions(dir.join(name), std::fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    dir
}

#[test]
fn an_engine_that_is_not_there_is_named() {
    let state = state();
    let chart = Copy::of("pallet-registry");
    let socket = format!("unix://{}", state.file("closed.sock"));
    let before = Left::now(&state.home(), &["noengine"]);
    let program = state.seatrial("noengine").env("DOCKER_HOST", &socket);
    for verb in ["verify", "up"] {
        let finished = program.call(&[verb, chart.path().as_str(), "-e", "dev"]);
        check(&finished, 30, &["container engine", "closed.sock", "./just setup", "DOCKER_HOST"]);
    }
    assert_eq!(Left::now(&state.home(), &["noengine"]), before);
    assert!(state.processes().is_empty());
}

/// `verify` never falls back, and never builds: that is `setup`'s work.
#[test]
fn a_missing_kind_is_named_and_not_built() {
    let state = state();
    let chart = Copy::of("pallet-registry");
    let helm = seatrial_harness::tools::Tools::find_helm().expect("Helm");
    let never = [("go", "touch $SEATRIAL_CACHE/built; exit 1")];
    let (path, cache) = (path_of(&state, &[helm.as_str()], &never), state.file("cache"));
    let program =
        state.seatrial("nokind00").env("PATH", format!("{path}:/usr/bin:/bin")).env("SEATRIAL_CACHE", cache.as_str());
    let started = Instant::now();
    let finished = program.call(&["verify", chart.path().as_str(), "-e", "dev"]);
    check(&finished, 30, &["kind", "is missing", "./just setup"]);
    assert!(started.elapsed() < Duration::from_secs(20), "it took {:?}", started.elapsed());
    assert!(!cache.join("built").exists() && files(&state.home()).is_empty());
}

#[test]
fn a_taken_port_is_named_with_who_has_it() {
    let state = state();
    let listener = std::net::TcpListener::bind("127.0.0.1:5000").expect("port 5000 is free");
    let before = Left::now(&state.home(), &["taken000"]);
    let chart = Copy::of("pallet-registry");
    let up = state.seatrial("taken000").call(&["up", chart.path().as_str()]);
    let me = format!("(process {})", std::process::id());
    check(&up, 30, &["port 5000", &me, "free it"]);
    assert_eq!(Left::now(&state.home(), &["taken000"]), before);
    drop(listener);
}

#[test]
fn a_full_disk_under_the_state_is_named() {
    let state = state();
    let disk = FullDisk::on(&state.home());
    let chart = Copy::of("pallet-registry");
    let finished = state.seatrial("fulldisk").call(&["verify", chart.path().as_str(), "-e", "dev"]);
    check(&finished, 30, &[state.home().as_str(), "No space left on device", "SEATRIAL_HOME"]);
    until("the end of all processes", Duration::from_secs(10), || state.processes().is_empty());
    let left: Vec<_> = disk.files().into_iter().filter(|file| file.extension() != Some("lock")).collect();
    assert_eq!(left, Vec::<Utf8PathBuf>::new());
}

/// The engine is reached through a relay that is cut while a clause is running. What needs it has no verdict; the
/// cluster can't be taken down, so its lease stays; when the engine is back, `reap` finds everything.
#[test]
fn an_engine_that_goes_away_is_named_and_what_it_left_is_reaped_later() {
    let state = state();
    let relay = Relay::at(&state.file("docker.sock"));
    let before = Left::now(&state.home(), &["relay000"]);
    let chart = Copy::of("pallet-registry");
    let program = state.seatrial("relay000").env("DOCKER_HOST", relay.host());
    let run = std::thread::spawn(move || program.call(&["verify", chart.path().as_str(), "-e", "dev"]));
    until("a judged clause", Duration::from_mins(3), || has_judged(&state.home()) || run.is_finished());
    relay.cut();
    let cut = Instant::now();
    let finished = run.join().expect("the run");
    // Much sooner than the clauses of memory look: what is gone is not waited for.
    assert!(cut.elapsed() < Duration::from_secs(45), "it went on for {:?} without an engine", cut.elapsed());
    check(&finished, 30, &["container engine does not answer", "docker.sock", "exit 31", "seatrial reap"]);
    until("the end of its guard", Duration::from_secs(30), || state.processes().is_empty());
    assert_ne!(Left::now(&state.home(), &["relay000"]), before, "nobody could take it down");

    relay.listen();
    check(&state.seatrial("relay001").call(&["reap"]), 0, &["took down st-relay000"]);
    assert_eq!(Left::now(&state.home(), &["relay000"]), before);
    state.kubeconfig_is_untouched();
}

/// Whether a clause of a live release has its record.
fn has_judged(home: &Utf8Path) -> bool {
    below(home).iter().any(|file| file.file_name().is_some_and(|name| name.starts_with("slot-")))
}

/// The children of a set-up lead process groups of their own: a terminal's ^C does not reach them by itself.
#[test]
fn a_set_up_that_is_interrupted_ends_what_it_started() {
    let state = state();
    let go = [("go", "sleep 600 & wait")];
    let (path, cache, log) = (path_of(&state, &[], &go), state.file("cache"), state.file("log.txt"));
    let program = state.seatrial("setup000").env("PATH", format!("{path}:/usr/bin:/bin")).env("SEATRIAL_CACHE", cache);
    let pid = program.start(&["setup", "--tier", "static"], &log).expect("a start");
    until("a build", Duration::from_secs(30), || is_called(&state.processes(), &["sleep", "600"]));
    let said = std::fs::read_to_string(&log).expect("the log");
    assert!(said.contains("… helm: building"), "off a terminal it says what it is doing: {said}");
    tool("kill", &["-INT", &pid.to_string()]);
    until("the end of its children", Duration::from_secs(2), || state.processes().is_empty());
    assert!(std::fs::read_to_string(&log).expect("the log").contains("interrupted"));
}
