//! `seatrial schema`: the JSON Schema of the files of the language, for editors.

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use clap::ValueEnum;
use seatrial_contracts::schema::{self, FileKind};

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Which file
    #[arg(value_enum, default_value_t, value_name = "FILE")]
    file: File,
}

/// The files of the language, as words.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum File {
    /// contract.yaml, beside a chart
    #[default]
    Contract,
    /// contracts/packs/NAME.yaml
    Pack,
    /// seatrial.yaml, at the root of a repository
    Repository,
}

/// Prints the schema, whatever the format: it is JSON.
#[expect(clippy::unnecessary_wraps, reason = "every verb has the same form")]
pub(crate) fn run(args: &Args, _: &Context) -> Result<Exit, Failure> {
    let kind = match args.file {
        File::Contract => FileKind::Contract,
        File::Pack => FileKind::Pack,
        File::Repository => FileKind::Repository,
    };
    Printer::document(schema::of(kind));
    Ok(Exit::Good)
}
