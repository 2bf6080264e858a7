//! Every mutation of `docs/rows.yaml` makes precisely its clause fail.

fn main() -> std::process::ExitCode {
    e2e::mutations::main(env!("CARGO_BIN_EXE_seatrial-e2e"))
}
