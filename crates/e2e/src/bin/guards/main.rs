//! `just guards`: violates each invariant on purpose and looks whether its guard, and nothing else, fails.

fn main() {}
