//! What people see and call: pages, components and server functions.
//!
//! One module per feature, named as in `noren-domain` and `noren-shop`. Compiled twice: with `ssr`
//! into the server, with `hydrate` into the wasm that wakes the page in the browser.
#![recursion_limit = "512"]

// rustdoc is called without these flags, and its tests build nothing that runs.
#[cfg(not(any(erase_components, doc, doctest)))]
compile_error!(
    "Noren is built with `--cfg erase_components`, which .cargo/config.toml sets and a RUSTFLAGS variable takes away: \
     put it into that variable as well"
);

pub mod account;
pub mod address;
pub mod cart;
pub mod catalogue;
pub mod checkout;
pub mod form;
pub mod lang;
pub mod legal;
pub mod mail;
pub mod notice;
pub mod order;
mod pages;
#[cfg(feature = "ssr")]
pub mod request;
pub mod shell;
pub mod ui;

#[cfg(feature = "hydrate")]
pub use pages::fetch_part;
pub use shell::App;
#[cfg(feature = "ssr")]
pub use shell::{Site, shell};
