//! The shop over HTTP, seen from outside: what a browser sends and what it gets, without a network.
//! The modules mirror the URLs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod account;
mod addresses;
mod bank;
mod bodies;
mod caching;
mod cart;
mod checkout;
mod claim;
mod doors;
mod email_change;
mod enumeration;
mod factors;
mod fixture;
mod frame;
mod health;
mod jobs;
mod lifetimes;
mod mailbox;
mod mails;
mod new_password;
mod newsletter;
mod orders;
mod passkeys;
mod passwords;
mod patience;
mod presses;
mod production;
mod proxy;
mod reads;
mod rights;
mod robots;
mod search;
mod second_step;
mod security;
mod shopper;
mod sign_in;
mod sign_ins;
mod site;
mod vault;
mod webhooks;
mod witness;
mod witnesses;
