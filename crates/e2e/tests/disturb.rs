//! One test for each clause of class `disturb` of each contract.
fn main() -> std::process::ExitCode {
    e2e::clauses::main(seatrial_contracts::model::Class::Disturb, env!("CARGO_BIN_EXE_seatrial-e2e"))
}
