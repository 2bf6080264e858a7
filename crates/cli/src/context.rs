//! What every command is given: who prints, who listens, and the repository around the working directory.

use crate::failure::Failure;
use crate::printer::Printer;
use crate::repository::Repository;
use camino::Utf8PathBuf;
use seatrial_harness::cluster::GuardCommand;
use seatrial_harness::events::Events;
use seatrial_harness::tools::Tools;

/// What every command is given.
#[derive(Debug)]
pub(crate) struct Context {
    /// The only one who prints.
    pub(crate) printer: Printer,
    /// What the harness tells goes there, and from there to the printer.
    pub(crate) events: Events,
    /// The checkout.
    pub(crate) repository: Repository,
}

impl Context {
    /// For this process.
    pub(crate) fn new(printer: Printer) -> Result<Self, Failure> {
        let listener = printer.clone();
        let events = Events::to(move |event| listener.event(&event));
        Ok(Self { printer, events, repository: Repository::here()? })
    }

    /// The programs that make and fill clusters.
    pub(crate) fn tools() -> Result<Tools, Failure> {
        Tools::find().map_err(|error| Failure::environment(&error))
    }

    /// Helm, which is all that planning needs.
    pub(crate) fn helm() -> Result<Utf8PathBuf, Failure> {
        Tools::find_helm().map_err(|error| Failure::environment(&error))
    }

    /// Helm alone, for judging files: the other programs are never called.
    pub(crate) fn tools_for_files() -> Result<Tools, Failure> {
        Ok(Tools { helm: Self::helm()?, kind: "kind".into(), docker: "docker".into(), kubectl: None })
    }

    /// How this very program is started as a guard.
    pub(crate) fn guard() -> GuardCommand {
        let exe = std::env::current_exe().ok().and_then(|path| Utf8PathBuf::from_path_buf(path).ok());
        let exe = exe.map_or_else(|| "seatrial".to_owned(), Utf8PathBuf::into_string);
        GuardCommand(vec![exe, "guard".to_owned(), "--lease".to_owned()])
    }
}
