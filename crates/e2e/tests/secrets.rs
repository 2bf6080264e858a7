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
          env: [{ name: VALUE, valueFrom: { secretKeyRef: { name: sentinel, key: value } } }]
          securityContext: {{- toYaml .Values.securityContext | nindent 12 }}
      securityContext: {{- toYaml .Values.podSecurityContext | nindent 8 }}
"#;

#[test]
fn a_secret_reaches_no_artefact() {
    let sentinel = format!("s3nt/{:x}+nel", std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0));
    let copy = Copy::of("pallet-registry");
    std::fs::write(copy.path().join("templates/leak.yaml"), LEAK.replace("SENTINEL", &sentinel)).expect("a template");
    let chart = copy.path();
    let args = ["verify", chart.as_str(), "-e", "dev", "--tier", "live", "--format", "json"];
    let finished = Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")).in_dir(copy.root()).call(&args);
    assert_eq!(finished.code, Some(10), "{}", finished.stderr);

    let mut artefacts = files(&copy.root().join("target"));
    artefacts.push(("standard output".into(), finished.stdout.clone()));
    artefacts.push(("standard error".into(), finished.stderr.clone()));
    let holds =
        |word: &str| artefacts.iter().filter(|(_, text)| text.contains(word)).map(|(path, _)| path).collect::<Vec<_>>();
    assert!(
        !holds("marker-before-").is_empty(),
        "the log with the markers is kept: {:?}",
        artefacts.iter().map(|(path, _)| path).collect::<Vec<_>>()
    );
    assert!(!holds("-marker-after").is_empty());
    for spelling in spellings(&sentinel) {
        assert_eq!(holds(&spelling), Vec::<&Utf8PathBuf>::new(), "{spelling}");
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
