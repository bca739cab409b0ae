//! Notices of breaches for everybody: the trust page, and the check of a notice's number.

mod body;
mod page;
mod trust;

pub use body::{NoticeBody, VerdictList};
pub use page::NoticePage;
pub use trust::TrustPage;
