//! The door and the rooms behind it: register, verify, login, account, orders, security.

mod addresses;
pub(crate) mod again;
mod claim;
mod code;
mod confirm;
mod data;
mod done;
mod email_change;
mod erase;
mod export;
mod factors;
mod happened;
mod home;
mod leave;
mod login;
mod not_me;
mod notice_steps;
mod orders;
mod passkeys;
mod password;
mod phrase;
mod prove;
mod reads;
mod recovery;
mod register;
mod removed;
mod reset;
mod security;
mod sign_ins;
mod totp;
mod verify;

pub use addresses::{AddressPage, AddressesPage};
pub use claim::{ClaimCodePage, ClaimPage};
pub use confirm::{ConfirmSignInPage, MailCodePage};
pub use data::DataPage;
pub use email_change::{EmailBackPage, EmailDonePage, EmailLinkPage, EmailPage};
pub use erase::{ErasePage, ErasedPage};
pub use export::ExportPage;
pub use home::AccountPage;
pub use leave::Room;
pub use login::LoginPage;
pub use not_me::NotMePage;
pub use orders::{MyOrderPage, MyOrdersPage};
pub use password::PasswordPage;
pub use prove::ProvePage;
pub use recovery::RecoveryPage;
pub use register::RegisterPage;
pub use reset::{ResetCodePage, ResetPage};
pub use security::SecurityPage;
pub use sign_ins::SignInsPage;
pub use totp::TotpPage;
pub use verify::VerifyPage;

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use noren_domain::account::LocalPath;

use crate::lang::href;

/// The `next` parameter of this page, as it stands in the URL.
fn next_parameter() -> Signal<String> {
    let query = use_query_map();
    Signal::derive(move || query.read().get("next").unwrap_or_default())
}

/// `page` with `next` passed on, if that is a path of ours.
pub fn with_next(page: &str, next: &str) -> String {
    href(&LocalPath::parse(next).map_or_else(|| page.to_owned(), |path| path.after(page)))
}

#[cfg(feature = "ssr")]
pub use inside::{ended, merged};
#[cfg(feature = "ssr")]
pub(crate) use inside::{fault as door_fault, guard, guard_recent};
#[cfg(feature = "ssr")]
pub use leave::just_left;

#[cfg(feature = "ssr")]
mod inside {
    use noren_domain::account::{LocalPath, LoginForm};
    use noren_domain::cart::MergeReport;
    use noren_domain::form::{Fault, Faults};
    use noren_shop::account::{DoorError, Entered};
    use noren_shop::session::{Recent, SignedIn};
    use noren_shop::token::Token;

    use crate::form::{Refusal, keep};
    use crate::request;

    const MERGED: &str = "merged";

    /// Who is signed in; nobody: the browser goes to the login page and comes back to `page` after it.
    pub async fn guard(page: &str) -> Result<SignedIn, Refusal> {
        if let Some(who) = request::signed_in().await? {
            return Ok(who);
        }
        if let Some(refusal) = ended(page).await? {
            return Err(refusal);
        }
        request::go(&login_before(page));
        Err(Fault::SignIn.into())
    }

    /// Who is signed in and has proved who they are within the last minutes; anybody else is asked for it first, and
    /// comes back to `page` after it.
    pub async fn guard_recent(page: &str) -> Result<Recent, Refusal> {
        let who = guard(page).await?;
        if let Some(recent) = who.recent(request::shop().now()) {
            return Ok(recent);
        }
        request::go(
            &LocalPath::parse(page).map_or_else(|| "/account".to_owned(), |page| page.after("/account/confirm")),
        );
        Err(Fault::ProveFirst.into())
    }

    /// If this browser still holds the token of a sign-in that has ended (by time, or from another
    /// device): goes to the login page, which says so, and comes back to `page` after it.
    pub async fn ended(page: &str) -> Result<Option<Refusal>, Refusal> {
        if request::session_token().is_none() || request::signed_in().await?.is_some() {
            return Ok(None);
        }
        let faults = Faults::of(Fault::SessionEnded);
        let form = LoginForm { next: page.to_owned(), ..LoginForm::default() };
        keep("login", &form.without_password(), &faults);
        request::clear_session_token();
        request::go(&login_before(page));
        Ok(Some(faults.into()))
    }

    fn login_before(page: &str) -> String {
        LocalPath::parse(page).map_or_else(|| "/login".to_owned(), |page| page.after("/login"))
    }

    /// The fault to show for a door that stayed shut; a fault of ours is logged.
    pub fn fault(error: &DoorError) -> Fault {
        match error {
            DoorError::Refused(fault) => fault.clone(),
            other => {
                let _ = request::failed(other);
                request::vault_fault(other).unwrap_or(Fault::Internal)
            }
        }
    }

    /// The same at the field `field`, or at the new password if that is what was refused.
    pub fn fault_at(field: &str, error: &DoorError) -> Faults {
        match fault(error) {
            weak @ Fault::WeakPassword { .. } => Faults::field("password", weak),
            other => Faults::field(field, other),
        }
    }

    /// Asks for a code before the person is let in, and on to `next` after it.
    pub fn ask(pending: &Token, next: Option<LocalPath>) {
        request::set_challenge_token(pending);
        request::go(&next.map_or_else(|| "/login/confirm".to_owned(), |next| next.after("/login/confirm")));
    }

    /// Lets the person in: session cookie, the guest's cart poured into theirs, and on to `next`.
    pub async fn let_in(entered: &Entered, next: Option<LocalPath>) {
        request::set_session_token(&entered.token);
        request::set_device_token(&entered.device);
        request::clear_challenge_token();
        super::removed::keep(entered.removed);
        if let Some(guest) = request::cart_token() {
            match noren_shop::cart::merge(&request::shop(), &guest, entered.customer).await {
                Ok(report) if report != MergeReport::default() => {
                    request::put_parcel(MERGED, &serde_json::to_vec(&report).unwrap_or_default());
                }
                Ok(_) => {}
                // The guest's cart is still there, and the next sign-in tries again.
                Err(error) => drop(request::failed(&error)),
            }
        }
        request::go(next.as_ref().map_or("/account", LocalPath::as_str));
    }

    /// What the sign-in just now did with the cart, once.
    pub fn merged() -> Option<MergeReport> {
        serde_json::from_slice(&request::take_parcel(MERGED)?).ok()
    }
}
