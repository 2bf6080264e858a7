//! A state folder and a user's home of its own for one test: what is found in them afterwards was left by it.

use crate::kill::processes_of;
use crate::program::Program;
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;
use std::time::SystemTime;

/// The kubeconfig of a user who has one.
const USERS: &str = "apiVersion: v1
kind: Config
current-context: mine
clusters: [{ name: mine, cluster: { server: 'https://127.0.0.1:1' } }]
contexts: [{ name: mine, context: { cluster: mine, user: me } }]
users: [{ name: me, user: {} }]
";

/// The folders; whatever happens to the test, nothing of its own stays.
#[derive(Debug)]
pub struct State {
    dir: tempfile::TempDir,
    exe: String,
    /// When the user wrote the kubeconfig; `None` for a user without one.
    written: Option<SystemTime>,
}

#[expect(clippy::expect_used, reason = "a test without its folders has failed")]
impl State {
    /// For a user with a kubeconfig; `exe` is `env!("CARGO_BIN_EXE_seatrial-e2e")`.
    ///
    /// # Panics
    /// When the folders can't be made.
    pub fn new(exe: &str) -> Self {
        let mut state = Self::without_kubeconfig(exe);
        let file = state.users_home().join(".kube/config");
        std::fs::create_dir_all(state.users_home().join(".kube")).expect("a folder");
        std::fs::write(&file, USERS).expect("a kubeconfig");
        state.written = Some(modified(&file));
        state
    }

    /// For a user without one.
    ///
    /// # Panics
    /// When the folders can't be made.
    pub fn without_kubeconfig(exe: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("seatrial-home-").tempdir().expect("a folder");
        Self { dir, exe: exe.to_owned(), written: None }
    }

    /// The state folder.
    pub fn home(&self) -> Utf8PathBuf {
        self.file("state")
    }

    /// The home of the user.
    pub fn users_home(&self) -> Utf8PathBuf {
        self.file("user")
    }

    /// A file of the test itself.
    ///
    /// # Panics
    /// When the system's temporary folder is no UTF-8.
    pub fn file(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.dir.path()).expect("UTF-8").join(name)
    }

    /// Another program of this test, in its folders.
    pub fn program(&self, exe: &str, run: &str) -> Program {
        let cache = seatrial_harness::cache::cache_dir();
        let program = Program::at(exe).alone(run).without("KUBECONFIG").env("SEATRIAL_CACHE", cache);
        program.env("SEATRIAL_HOME", self.home()).env("HOME", self.users_home())
    }

    /// The program under test.
    pub fn seatrial(&self, run: &str) -> Program {
        self.program(&self.exe, run)
    }

    /// The living processes that use the state folder.
    pub fn processes(&self) -> BTreeSet<u32> {
        processes_of("SEATRIAL_HOME", self.home().as_str())
    }

    /// Invariant 13: bytes, time and context of the user's kubeconfig are what they were; where there was none, none is.
    ///
    /// # Panics
    /// When somebody touched it.
    #[track_caller]
    pub fn kubeconfig_is_untouched(&self) {
        let file = self.users_home().join(".kube/config");
        let Some(written) = self.written else {
            assert!(!self.users_home().join(".kube").exists(), "somebody made {}/.kube", self.users_home());
            return;
        };
        assert_eq!(std::fs::read_to_string(&file).expect("the kubeconfig"), USERS);
        assert_eq!(modified(&file), written, "somebody wrote {file}");
        let beside = self.users_home().join(".kube").read_dir_utf8().expect("the folder").count();
        assert_eq!(beside, 1, "somebody wrote beside {file}");
    }
}

#[expect(clippy::expect_used, reason = "a file without a time is a failed test")]
fn modified(file: &Utf8Path) -> SystemTime {
    std::fs::metadata(file).and_then(|data| data.modified()).expect("its time")
}

impl Drop for State {
    fn drop(&mut self) {
        self.seatrial("lifeends").call(&["reap", "--warm"]);
        self.seatrial("lifeends").call(&["down"]);
    }
}
