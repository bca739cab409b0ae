//! The `noren` binary's parts: configuration, HTTP, jobs and the command line.

pub mod cli;
pub mod config;
pub mod http;
pub mod jobs;
