//! What a log asks of a witness, and what that one keeps: see the check of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    noren_fuzz::witness(data);
});
