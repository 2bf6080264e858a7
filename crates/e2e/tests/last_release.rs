//! What compares with the last release is listed only where there is one, a git tag, the target branch or a folder; it
//! passes there, and finds what an upgrade would be refused for, and values that would not reach the pods.

use camino::Utf8Path;
use e2e::Program;
use e2e::program::tool;
use e2e::report::{document, verdicts};
use std::collections::BTreeMap;

const CHART: &str = "apiVersion: v2\nname: web\ndescription: x\ntype: application\nversion: 1.0.0\n";

const TEMPLATE: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: web }
data: { mode: one }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: web
          image: registry:2.8.2
          env: [{ name: MODE, valueFrom: { configMapKeyRef: { name: web, key: mode } } }]
";

/// A repository with one chart, of which one commit is made.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().expect("a folder"));
        repository.write("charts/web/Chart.yaml", CHART);
        repository.write("charts/web/templates/all.yaml", TEMPLATE);
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit();
        repository
    }

    fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("UTF-8")
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// The template with one text in the place of another.
    fn change(&self, from: &str, to: &str) {
        assert!(TEMPLATE.contains(from), "{from}");
        self.write("charts/web/templates/all.yaml", &TEMPLATE.replace(from, to));
    }

    fn git(&self, args: &[&str]) {
        let who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        tool("git", &[&["-C", self.root().as_str()], &who[..], args].concat());
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "x"]);
    }

    /// What compares with the last release: clause → verdict and cause.
    fn compared(&self) -> BTreeMap<String, (String, String)> {
        let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).in_dir(self.root());
        let report = document(&program.call(&["check", "charts/web", "--format", "json"]));
        let all = verdicts(&report).into_iter().map(|line| {
            let clause = line.id.rsplit("::").next().unwrap_or_default().to_owned();
            (clause, (line.verdict, line.cause))
        });
        all.filter(|(clause, _)| ["immutable", "stale-config"].contains(&clause.as_str())).collect()
    }

    /// Both are listed; one fails with these words, and the other passes, or waits for the one. Without a clause to fail
    /// both pass.
    #[track_caller]
    fn check(&self, fails: &str, words: &str) {
        let compared = self.compared();
        for clause in ["immutable", "stale-config"] {
            let (verdict, cause) = compared.get(clause).expect("listed");
            if clause == fails {
                assert!(verdict == "fail" && cause.contains(words), "{clause}: {verdict}: {cause}");
            } else {
                let is_behind = !fails.is_empty() && *cause == format!("blocked by {fails}");
                assert!(verdict == "pass" || is_behind, "{clause}: {verdict}: {cause}");
            }
        }
    }
}

/// What breaks an upgrade, and the same made well.
#[track_caller]
fn finds_both(repository: &Repository, release: &str) {
    repository.change("replicas: 1", "replicas: 2");
    repository.check("", "");
    repository.change("{ app: web }", "{ app: site }");
    repository.check("immutable", release);
    repository.change("mode: one", "mode: two");
    repository.check("stale-config", release);
}

#[test]
fn a_tag_is_the_last_release() {
    let repository = Repository::new();
    assert!(repository.compared().is_empty(), "nothing was released yet");
    repository.git(&["tag", "web-1.0.0"]);
    assert!(repository.compared().is_empty(), "this commit is the release itself");
    repository.write("charts/web/values.yaml", "later: true\n");
    repository.commit();
    finds_both(&repository, "tag web-1.0.0");
}

#[test]
fn the_target_branch_may_be_the_last_release() {
    let repository = Repository::new();
    repository.write(
        "seatrial.yaml",
        "apiVersion: seatrial.dev/v1\nkind: Repository\ncharts: [charts/*]\nreleased: target-branch\n",
    );
    repository.commit();
    repository.git(&["checkout", "--quiet", "-b", "mine"]);
    finds_both(&repository, "branch main");
}

#[test]
fn a_folder_beside_the_chart_is_the_last_release() {
    let repository = Repository::new();
    repository.write("charts/.last-release/web/Chart.yaml", &CHART.replace("1.0.0", "0.9.0"));
    repository.write("charts/.last-release/web/templates/all.yaml", TEMPLATE);
    finds_both(&repository, "release 0.9.0");
}
