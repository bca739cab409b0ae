//! The shop over HTTP, seen from outside: what a browser sends and what it gets, without a network.
//! The modules mirror the URLs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod account;
mod bodies;
mod cart;
mod fixture;
mod frame;
mod health;
mod robots;
