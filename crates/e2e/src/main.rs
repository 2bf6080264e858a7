//! `seatrial` again: Cargo builds a binary only for tests of its own package, so the suite starts this one and never
//! a stale `target/debug/seatrial`.
fn main() -> std::process::ExitCode {
    seatrial::main()
}
