//! One test for each clause of class `look` of each contract.
fn main() -> std::process::ExitCode {
    e2e::clauses::main(seatrial_contracts::model::Class::Look, env!("CARGO_BIN_EXE_seatrial-e2e"))
}
