//! One test for each clause of class `measure` of each contract.
fn main() -> std::process::ExitCode {
    e2e::clauses::main(seatrial_contracts::model::Class::Measure, env!("CARGO_BIN_EXE_seatrial-e2e"))
}
