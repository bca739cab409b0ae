//! Leaves of the read ledger: see the check of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    noren_fuzz::leaf(data);
});
