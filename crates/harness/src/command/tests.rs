//! What a command must keep: its output, its bounds, and no survivors.

use super::{Cmd, CommandError, record_to};
use camino::Utf8PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn sh(script: &str) -> Cmd {
    Cmd::new("sh").args(["-c", script])
}

#[tokio::test]
async fn keeps_both_streams_and_the_code() {
    let finished = sh("cat; echo bad >&2; exit 3").stdin_bytes(*b"in").run().await.expect("sh");
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("in", "bad\n"));
    assert_eq!(finished.code, Some(3));
}

#[tokio::test]
async fn streams_lines() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let cmd = sh("echo a; echo b").on_line(move |_, line| sink.lock().expect("lock").push(line.to_owned()));
    cmd.run_ok().await.expect("sh");
    assert_eq!(*seen.lock().expect("lock"), ["a", "b"]);
}

#[tokio::test]
async fn a_missing_program_names_the_remedy() {
    let error = Cmd::new("/nowhere/kind").run().await.expect_err("missing");
    assert_eq!(error.to_string(), "/nowhere/kind is not installed or not on PATH: run `./just setup`");
}

#[tokio::test]
async fn a_failure_carries_the_end_of_its_errors() {
    let error = sh("echo why >&2; exit 1").run_ok().await.expect_err("exit 1");
    assert!(error.to_string().ends_with("ended with exit code 1: why"), "{error}");
}

#[tokio::test]
async fn a_timeout_kills_the_whole_group() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; wait", path.display());
    let error = sh(&script).timeout(Duration::from_millis(300)).run().await.expect_err("timeout");
    assert!(matches!(error, CommandError::Timeout { .. }), "{error}");
    assert!(is_gone(std::fs::read_to_string(path).expect("pid").trim()).await);
}

#[tokio::test]
async fn a_dropped_run_kills_the_whole_group() {
    let dir = tempfile::tempdir().expect("dir");
    let path = dir.path().join("pid");
    let script = format!("sleep 600 & echo $! > {}; wait", path.display());
    let _ = tokio::time::timeout(Duration::from_millis(300), sh(&script).run()).await;
    assert!(is_gone(std::fs::read_to_string(path).expect("pid").trim()).await);
}

#[tokio::test]
async fn a_killed_caller_takes_its_command_along() {
    let seen = Cmd::new("setpriv").arg("--dump").ends_with_us().run_ok().await.expect("setpriv");
    assert!(seen.stdout.contains("Parent death signal: TERM"), "{}", seen.stdout);
}

/// A killed process is gone or a zombie that nobody has reaped.
async fn is_gone(pid: &str) -> bool {
    for _ in 0..100 {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        if !status.contains("State:") || status.contains("State:\tZ") {
            return true;
        }
        sh("sleep 0.02").run_ok().await.expect("sh");
    }
    false
}

#[tokio::test]
async fn the_memory_limit_reaches_the_program() {
    let finished = sh("ulimit -d").memory_limit(1 << 30).run_ok().await.expect("sh");
    assert_eq!(finished.text(), "1048576");
}

#[tokio::test]
async fn a_background_grandchild_does_not_hold_the_run() {
    let finished = sh("sleep 5 & echo done").run_ok().await.expect("sh");
    assert!(finished.seconds < 3.0, "{}", finished.seconds);
}

#[tokio::test]
async fn each_command_is_recorded_and_private_output_is_not() {
    let dir = tempfile::tempdir().expect("dir");
    let path = Utf8PathBuf::try_from(dir.path().join("argv.jsonl")).expect("utf-8");
    record_to(path.clone());
    sh("echo open-word").run().await.expect("sh");
    sh("printf 'hid'; printf 'den-word'").private_output().run().await.expect("sh");
    let lines = std::fs::read_to_string(path).expect("record");
    assert!(lines.contains("open-word"), "{lines}");
    assert!(!lines.contains("hidden-word"), "{lines}");
}

#[tokio::test]
async fn a_detached_process_leads_its_own_session() {
    let dir = tempfile::tempdir().expect("dir");
    let log = Utf8PathBuf::try_from(dir.path().join("log")).expect("utf-8");
    let pid = sh("cut -d' ' -f6 /proc/self/stat").spawn_detached(&log).expect("sh");
    let mut session = String::new();
    for _ in 0..100 {
        session = std::fs::read_to_string(&log).unwrap_or_default();
        if session.ends_with('\n') {
            break;
        }
        sh("sleep 0.02").run_ok().await.expect("sh");
    }
    assert_eq!(session.trim(), pid.to_string());
}
