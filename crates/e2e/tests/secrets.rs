//! The value of a Secret reaches no artefact. A pod prints a random sentinel between two markers and dies; whatever
//! the run keeps holds the markers and not the sentinel, in no spelling.

use base64::Engine as _;
use camino::{Utf8Path, Utf8PathBuf};
use e2e::Program;
use e2e::charts::Copy;

/// The registry can't open this file and says its whole name: no shell is needed to print a Secret.
const LEAK: &str = r#"
apiVersion: v1
kind: Secret
metadata: { name: sentinel }
stringData: { value: "SENTINEL" }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: leak }
spec:
  selector: { matchLabels: { app: leak } }
  template:
    metadata: { labels: { app: leak } }
    spec:
      containers:
        - name: leak
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          imagePullPolicy: IfNotPresent
          args: [serve, "/marker-before-$(VALUE)-marker-after"]
          # Never ready, not even in the moment before it dies.
          readinessProbe: { tcpSocket: { port: 1 } }
          env: [{ name: VALUE, valueFrom: { secretKeyRef: { name: sentinel, key: value } } }]
          securityContext: {{- toYaml .Values.securityContext | nindent 12 }}
      securityContext: {{- toYaml .Values.podSecurityContext | nindent 8 }}
"#;

#[test]
fn a_secret_reaches_no_artefact() {
    let run = Run::of(&[]);
    assert!(!run.holding("marker-before-").is_empty(), "the log with the markers is kept");
    assert!(!run.holding("-marker-after").is_empty());
    assert!(run.is_in_a_stream("-marker-after"), "and so is what was followed");
    for spelling in spellings(&run.sentinel) {
        assert_eq!(run.holding(&spelling), Vec::<&Utf8PathBuf>::new(), "{spelling}");
    }
}

/// The same with redaction switched off: the sentinel is there, so the test above would see it.
#[test]
fn without_redaction_it_would_be_seen() {
    let run = Run::of(&["--unredacted"]);
    assert_ne!(run.holding(&run.sentinel), Vec::<&Utf8PathBuf>::new());
    assert!(run.is_in_a_stream(&run.sentinel));
}

/// All that one run wrote.
struct Run {
    sentinel: String,
    artefacts: Vec<(Utf8PathBuf, String)>,
}

impl Run {
    fn of(more: &[&str]) -> Self {
        let sentinel = format!("s3nt/{:x}+nel", std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0));
        let copy = Copy::of("pallet-registry");
        let template = LEAK.replace("SENTINEL", &sentinel);
        std::fs::write(copy.path().join("templates/leak.yaml"), template).expect("a template");
        let chart = copy.path();
        let args = ["verify", chart.as_str(), "-e", "dev", "--tier", "live", "--clause", "ready", "--format", "json"];
        let program = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).in_dir(copy.root());
        let finished = program.call(&[&args[..], more].concat());
        assert_eq!(finished.code, Some(10), "{}", finished.stderr);
        let mut artefacts = files(&copy.root().join("target"));
        artefacts.push(("standard output".into(), finished.stdout));
        artefacts.push(("standard error".into(), finished.stderr));
        Self { sentinel, artefacts }
    }

    fn is_in_a_stream(&self, text: &str) -> bool {
        self.holding(text).iter().any(|path| path.as_str().contains("/streams/"))
    }

    /// The artefacts in which a text occurs.
    fn holding(&self, text: &str) -> Vec<&Utf8PathBuf> {
        self.artefacts.iter().filter(|(_, content)| content.contains(text)).map(|(path, _)| path).collect()
    }
}

fn spellings(secret: &str) -> [String; 3] {
    let base64 = base64::engine::general_purpose::STANDARD.encode(secret);
    [secret.to_owned(), base64, secret.replace('/', "%2F").replace('+', "%2B")]
}

fn files(folder: &Utf8Path) -> Vec<(Utf8PathBuf, String)> {
    let mut found = Vec::new();
    for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(path));
        } else if let Ok(bytes) = std::fs::read(path) {
            found.push((path.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    found
}
