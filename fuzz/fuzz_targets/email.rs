//! The canonical form of an e-mail address: see the check of this name in the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    noren_fuzz::email(data);
});
