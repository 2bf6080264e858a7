//! Any text as what Helm printed.

#![no_main]
#![expect(dead_code, reason = "each target calls one of the readers")]

mod reading;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = reading::manifests(text);
});
