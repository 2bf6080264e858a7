//! The program `seatrial`; everything is in the library, so that `seatrial-e2e` is the same program.
fn main() -> std::process::ExitCode {
    seatrial::main()
}
