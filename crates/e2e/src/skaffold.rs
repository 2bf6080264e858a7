//! Skaffold as a user calls it (`tools/skaffold.sh`), in a copy of the workspace and with folders of the test's own, on a
//! cluster that Seatrial made.

use crate::program::{block_on, root, tool};
use crate::state::State;
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_harness::cache::cache_dir;
use seatrial_harness::command::{Cmd, Finished};
use seatrial_harness::tools::Tools;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long one call may take: the first one compiles the programs.
const PATIENCE: Duration = Duration::from_mins(10);

/// What of the repository Skaffold, Cargo and Seatrial read.
const COPIED: [&str; 8] =
    ["skaffold.yaml", "seatrial.yaml", "Cargo.toml", "Cargo.lock", "crates", "images", "charts", "tools"];

/// The images that `skaffold.yaml` builds.
const BUILT: [&str; 3] = ["strato-control-plane", "strato-agent", "strato-verify"];

/// A copy of the workspace that may be changed, and whoever calls Skaffold in it. The images that it builds go with it.
#[derive(Debug)]
pub struct Workspace {
    dir: tempfile::TempDir,
    env: Vec<(String, String)>,
    before: BTreeSet<String>,
}

impl Drop for Workspace {
    fn drop(&mut self) {
        for image in images().difference(&self.before) {
            tool("sh", &["-c", &format!("docker image rm {image} >/dev/null 2>&1 || true")]);
        }
    }
}

/// The images of these names that the engine has.
fn images() -> BTreeSet<String> {
    let listed = BUILT.map(|name| tool("docker", &["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", name]));
    listed.iter().flat_map(|lines| lines.lines()).map(ToOwned::to_owned).collect()
}

#[expect(clippy::expect_used, reason = "a test without its workspace has failed")]
impl Workspace {
    /// A copy, called by the user of this state folder.
    ///
    /// # Panics
    /// When it can't be copied.
    pub fn of(state: &State) -> Self {
        let dir = tempfile::Builder::new().prefix("seatrial-skaffold-").tempdir().expect("a temporary folder");
        let workspace = Self { dir, env: env(state), before: images() };
        for name in COPIED {
            copy(&root().join(name), &workspace.path().join(name)).expect("a copy of the workspace");
        }
        workspace
    }

    /// Its root.
    ///
    /// # Panics
    /// When the system's temporary folder is no UTF-8.
    pub fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).expect("UTF-8")
    }

    /// Replaces a text of a file, which stands there exactly once.
    ///
    /// # Panics
    /// When it does not.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path().join(file);
        let text = fs::read_to_string(&path).expect("the file to be edited");
        assert_eq!(text.matches(from).count(), 1, "{path} must hold this text once: {from}");
        fs::write(&path, text.replacen(from, to, 1)).expect("the edited file");
    }

    /// Calls Skaffold and waits for its end.
    ///
    /// # Panics
    /// When it can't be started, or hangs.
    #[expect(clippy::panic, reason = "a test that can't start its program has failed")]
    pub fn call(&self, args: &[&str]) -> Finished {
        block_on(self.command(args).ends_with_us().timeout(PATIENCE).run()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Calls it, and its end must be good.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn good(&self, args: &[&str]) -> Finished {
        let finished = self.call(args);
        assert_eq!(finished.code, Some(0), "skaffold {}:\n{}{}", args.join(" "), finished.stdout, finished.stderr);
        finished
    }

    /// Starts it in a session of its own; it ends with the value.
    ///
    /// # Panics
    /// When it can't be started.
    pub fn start(&self, args: &[&str], log: &Utf8Path) -> Running {
        Running { pid: self.command(args).spawn_detached(log).expect("Skaffold"), log: log.to_owned() }
    }

    fn command(&self, args: &[&str]) -> Cmd {
        let cmd = Cmd::new(self.path().join("tools/skaffold.sh")).args(args).cwd(self.path()).env_remove("KUBECONFIG");
        self.env.iter().fold(cmd, |cmd, (name, value)| cmd.env(name, value))
    }
}

/// A user's home that is empty, but with the programs and the builds of this machine.
#[expect(clippy::expect_used, reason = "a user without a home has no Cargo")]
fn env(state: &State) -> Vec<(String, String)> {
    let home = Utf8PathBuf::try_from(std::env::home_dir().expect("a home")).expect("UTF-8");
    let kept = |name: &str, folder: &str| std::env::var(name).unwrap_or_else(|_| home.join(folder).into_string());
    let own = [
        ("HOME", state.users_home().into_string()),
        ("CARGO_HOME", kept("CARGO_HOME", ".cargo")),
        ("RUSTUP_HOME", kept("RUSTUP_HOME", ".rustup")),
        ("SEATRIAL_CACHE", cache_dir().into_string()),
        ("SEATRIAL_HOME", state.home().into_string()),
        // Kept from run to run: what is not ours is compiled once.
        ("SEATRIAL_SKAFFOLD_TARGET", cache_dir().join("skaffold-target").into_string()),
    ];
    own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Skaffold that runs until it is stopped.
#[derive(Debug)]
pub struct Running {
    pid: u32,
    log: Utf8PathBuf,
}

impl Running {
    /// What it has said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it is still there.
    pub fn is_alive(&self) -> bool {
        fs::read_to_string(format!("/proc/{}/stat", self.pid)).is_ok_and(|stat| !stat.contains(") Z "))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        tool("sh", &["-c", &format!("kill -TERM {} 2>/dev/null || true", self.pid)]);
        crate::kill::until("the end of Skaffold", Duration::from_secs(30), || !self.is_alive());
    }
}

/// The cluster `strato-dev` and Strato in it, made by `seatrial up`.
#[derive(Debug)]
pub struct Harbour {
    /// Its private kubeconfig.
    pub kubeconfig: Utf8PathBuf,
    kubectl: Utf8PathBuf,
}

#[expect(clippy::expect_used, reason = "a test without its cluster has failed")]
impl Harbour {
    /// Makes it: the chart with its needs, ready, and left warm.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn of(state: &State, run: &str) -> Self {
        let made = state.seatrial(run).call(&["up", "charts/strato"]);
        assert_eq!(made.code, Some(0), "{}{}", made.stdout, made.stderr);
        let kubeconfig = state.home().join("clusters/strato-dev/kubeconfig");
        Self { kubeconfig, kubectl: Tools::find().expect("the tools").kubectl.expect("kubectl") }
    }

    /// What kubectl says of the namespace.
    ///
    /// # Panics
    /// When it fails.
    pub fn kubectl(&self, args: &[&str]) -> String {
        let words = ["--kubeconfig", self.kubeconfig.as_str(), "--namespace", "strato"];
        tool(self.kubectl.as_str(), &[&words[..], args].concat())
    }

    /// The pod of a component, once there is one only and it is Ready.
    pub fn pod(&self, component: &str) -> Option<Pod> {
        let selector = format!("app.kubernetes.io/component={component}");
        let list: Value = serde_json::from_str(&self.kubectl(&["get", "pods", "-o", "json", "-l", &selector])).ok()?;
        let [pod] = &list["items"].as_array()?[..] else { return None };
        let status = &pod["status"]["containerStatuses"][0];
        Some(Pod {
            uid: pod["metadata"]["uid"].as_str()?.to_owned(),
            image: pod["spec"]["containers"][0]["image"].as_str()?.to_owned(),
            digest: status["imageID"].as_str()?.to_owned(),
            restarts: status["restartCount"].as_u64()?,
        })
        .filter(|_| status["ready"] == true)
    }
}

/// A pod as it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// Its identity.
    pub uid: String,
    /// The image that it asks for.
    pub image: String,
    /// The image that it has.
    pub digest: String,
    /// How often its container was started again.
    pub restarts: u64,
}

/// The body of a path on a port of this host, where its status is 200.
pub fn body(port: u16, path: &str) -> Option<String> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    (head.split_whitespace().nth(1)? == "200").then(|| body.to_owned())
}

fn copy(from: &Utf8Path, to: &Utf8Path) -> std::io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in from.read_dir_utf8()? {
        let entry = entry?;
        copy(entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
