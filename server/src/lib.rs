//! The `noren` binary's parts: configuration, HTTP, jobs and the command line.

#![recursion_limit = "512"]

pub mod cli;
pub mod config;
pub mod doctor;
pub mod http;
pub mod jobs;
pub mod metrics;
pub mod panics;
pub mod proxies;
pub mod site;
pub mod vault;
pub mod witness;
pub mod witnesses;
