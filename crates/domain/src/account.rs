//! Accounts: customers and their sessions.

/// A person with an account (お客様).
#[derive(Debug)]
pub enum Customer {}

/// One browser that a customer is signed in on.
#[derive(Debug)]
pub enum Session {}
