//! Any bytes as an observation, or as edits of a real one.

#![no_main]
#![expect(dead_code, reason = "each target calls one of the readers")]

mod reading;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = reading::evaluation(bytes);
});
