//! The mails of the shop: those that a person was sent, whether one is ours, and the newsletter.

mod check;
mod mine;
mod newsletter;

pub use check::CheckMailPage;
pub use mine::{MailRow, MyMailPage};
pub use newsletter::{ConfirmNewsletterPage, LeaveNewsletterPage, NewsletterDonePage};
