//! The map of all pages, and the parts their code comes to the browser in.
//!
//! In a release (feature `split`) the wasm is several files: the goods and what every page needs come
//! first, and each function here marked as lazy is a part that is fetched when one of its pages is
//! opened. Without the feature all is one file, and these functions are as plain as they look.

use std::future::Future;
use std::pin::Pin;

use leptos::LazyViewError;
use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route};
use leptos_router::{ChooseView, path};
#[cfg(any(feature = "ssr", feature = "split"))]
use noren_domain::Lang;

use crate::account::{
    AccountPage, AddressPage, AddressesPage, ClaimCodePage, ClaimPage, ConfirmSignInPage, DataPage, EmailBackPage,
    EmailDonePage, EmailLinkPage, EmailPage, ErasePage, ErasedPage, ExportPage, LoginPage, MailCodePage, MyOrderPage,
    MyOrdersPage, NotMePage, PasswordPage, ProvePage, RecoveryPage, RegisterPage, ResetCodePage, ResetPage, Room,
    SecurityPage, SignInsPage, TotpPage, VerifyPage,
};
use crate::cart::CartPage;
use crate::catalogue::{CategoryPage, HomePage, ProductPage, SearchPage};
use crate::checkout::{ConfirmPage, ContactPage, DeliveryPage, PaymentPage};
use crate::form::Refusal;
use crate::legal::{CommercePage, HelpPage, PrivacyPage, TermsPage};
use crate::mail::{CheckMailPage, ConfirmNewsletterPage, LeaveNewsletterPage, MyMailPage, NewsletterDonePage};
use crate::notice::{NoticePage, TrustPage};
use crate::order::OrderPage;
use crate::ui::{NotFound, Trouble};

/// Every page of the shop, by its path.
#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <FlatRoutes fallback=|| view! { <NotFound /> }>
            <Route path=path!("/") view=In(|| Box::pin(browsing(Browsing::Home))) />
            <Route path=path!("/c/:category") view=In(|| Box::pin(browsing(Browsing::Category))) />
            <Route path=path!("/search") view=In(|| Box::pin(browsing(Browsing::Search))) />
            <Route path=path!("/p/:product") view=ProductPage />
            <Route path=path!("/cart") view=In(|| Box::pin(buying(Buying::Cart))) />
            <Route path=path!("/checkout/contact") view=In(|| Box::pin(buying(Buying::Contact))) />
            <Route path=path!("/checkout/delivery") view=In(|| Box::pin(buying(Buying::Delivery))) />
            <Route path=path!("/checkout/payment") view=In(|| Box::pin(buying(Buying::Payment))) />
            <Route path=path!("/checkout/confirm") view=In(|| Box::pin(buying(Buying::Confirm))) />
            <Route path=path!("/register") view=In(|| Box::pin(account(Account::Register))) />
            <Route path=path!("/verify") view=In(|| Box::pin(account(Account::Verify))) />
            <Route path=path!("/login") view=In(|| Box::pin(account(Account::Login))) />
            <Route path=path!("/login/code") view=In(|| Box::pin(account(Account::MailCode))) />
            <Route path=path!("/login/confirm") view=In(|| Box::pin(account(Account::Confirm))) />
            <Route path=path!("/reset") view=In(|| Box::pin(account(Account::Reset))) />
            <Route path=path!("/reset/code") view=In(|| Box::pin(account(Account::ResetCode))) />
            <Route path=path!("/account") view=In(|| Box::pin(account(Account::Home))) />
            <Route path=path!("/account/orders") view=In(|| Box::pin(account(Account::Orders))) />
            <Route path=path!("/account/orders/:no") view=In(|| Box::pin(account(Account::Order))) />
            <Route path=path!("/account/guest-orders") view=In(|| Box::pin(account(Account::Claim))) />
            <Route path=path!("/account/guest-orders/code") view=In(|| Box::pin(account(Account::ClaimCode))) />
            <Route path=path!("/account/addresses") view=In(|| Box::pin(account(Account::Addresses))) />
            <Route path=path!("/account/addresses/:id") view=In(|| Box::pin(account(Account::Address))) />
            <Route path=path!("/account/security") view=In(|| Box::pin(account(Account::Security))) />
            <Route path=path!("/account/security/password") view=In(|| Box::pin(account(Account::Password))) />
            <Route path=path!("/account/security/sign-ins") view=In(|| Box::pin(account(Account::SignIns))) />
            <Route path=path!("/account/security/not-me") view=In(|| Box::pin(account(Account::NotMe))) />
            <Route path=path!("/account/confirm") view=In(|| Box::pin(account(Account::Prove))) />
            <Route path=path!("/account/security/totp") view=In(|| Box::pin(account(Account::Totp))) />
            <Route path=path!("/account/security/recovery") view=In(|| Box::pin(account(Account::Recovery))) />
            <Route path=path!("/account/security/email") view=In(|| Box::pin(account(Account::Email))) />
            <Route path=path!("/account/email/back") view=In(|| Box::pin(account(Account::EmailBack))) />
            <Route path=path!("/account/email/back/:token") view=In(|| Box::pin(account(Account::EmailLink))) />
            <Route path=path!("/account/email/returned") view=In(|| Box::pin(account(Account::EmailReturned))) />
            <Route path=path!("/account/email/stopped") view=In(|| Box::pin(account(Account::EmailStopped))) />
            <Route path=path!("/account/data") view=In(|| Box::pin(account(Account::Data))) />
            <Route path=path!("/account/data/export/:token") view=In(|| Box::pin(account(Account::Export))) />
            <Route path=path!("/account/data/erase") view=In(|| Box::pin(account(Account::Erase))) />
            <Route path=path!("/account/data/erased") view=In(|| Box::pin(account(Account::Erased))) />
            <Route path=path!("/account/mail") view=In(|| Box::pin(account(Account::Mail))) />
            <Route path=path!("/mails/check") view=In(|| Box::pin(account(Account::CheckMail))) />
            <Route path=path!("/newsletter/confirm/:token") view=In(|| Box::pin(account(Account::ConfirmNewsletter))) />
            <Route path=path!("/newsletter/leave/:token") view=In(|| Box::pin(account(Account::LeaveNewsletter))) />
            <Route path=path!("/newsletter/confirmed") view=In(|| Box::pin(account(Account::NewsletterBegins))) />
            <Route path=path!("/newsletter/left") view=In(|| Box::pin(account(Account::NewsletterEnds))) />
            <Route path=path!("/orders/:token") view=In(|| Box::pin(reading(Reading::Order))) />
            <Route path=path!("/security") view=In(|| Box::pin(reading(Reading::Trust))) />
            <Route path=path!("/security/notices/:no") view=In(|| Box::pin(reading(Reading::Notice))) />
            <Route path=path!("/help") view=In(|| Box::pin(reading(Reading::Help))) />
            <Route path=path!("/legal/commerce") view=In(|| Box::pin(reading(Reading::Commerce))) />
            <Route path=path!("/legal/privacy") view=In(|| Box::pin(reading(Reading::Privacy))) />
            <Route path=path!("/legal/terms") view=In(|| Box::pin(reading(Reading::Terms))) />
        </FlatRoutes>
    }
}

/// A page, or the news that its part of the wasm did not come.
type Shown = Result<AnyView, LazyViewError>;

/// On the way to a product.
#[derive(Clone, Copy)]
enum Browsing {
    Home,
    Category,
    Search,
}

#[cfg_attr(feature = "split", lazy(fallible))]
async fn browsing(page: Browsing) -> Shown {
    Ok(match page {
        Browsing::Home => HomePage().into_any(),
        Browsing::Category => CategoryPage().into_any(),
        Browsing::Search => SearchPage().into_any(),
    })
}

/// From the cart to the button that orders.
#[derive(Clone, Copy)]
enum Buying {
    Cart,
    Contact,
    Delivery,
    Payment,
    Confirm,
}

#[cfg_attr(feature = "split", lazy(fallible))]
async fn buying(page: Buying) -> Shown {
    Ok(match page {
        Buying::Cart => CartPage().into_any(),
        Buying::Contact => ContactPage().into_any(),
        Buying::Delivery => DeliveryPage().into_any(),
        Buying::Payment => PaymentPage().into_any(),
        Buying::Confirm => ConfirmPage().into_any(),
    })
}

/// The door and the rooms behind it.
#[derive(Clone, Copy)]
enum Account {
    Register,
    Verify,
    Login,
    MailCode,
    Confirm,
    Reset,
    ResetCode,
    Home,
    Orders,
    Order,
    Claim,
    ClaimCode,
    Addresses,
    Address,
    Security,
    Password,
    SignIns,
    NotMe,
    Prove,
    Totp,
    Recovery,
    Email,
    EmailBack,
    EmailLink,
    EmailReturned,
    EmailStopped,
    Data,
    Export,
    Erase,
    Erased,
    Mail,
    CheckMail,
    ConfirmNewsletter,
    LeaveNewsletter,
    NewsletterBegins,
    NewsletterEnds,
}

impl Account {
    /// Whether it lies behind the door, where there is a way out (ASVS 5.0.0 7.4.4).
    fn is_behind_the_door(self) -> bool {
        !matches!(
            self,
            Self::Register
                | Self::Verify
                | Self::Login
                | Self::MailCode
                | Self::Confirm
                | Self::Reset
                | Self::ResetCode
                | Self::CheckMail
                | Self::ConfirmNewsletter
                | Self::LeaveNewsletter
                | Self::NewsletterBegins
                | Self::NewsletterEnds
                // Whoever comes here is not signed in, as a rule.
                | Self::EmailBack
                | Self::EmailLink
                | Self::EmailReturned
                | Self::EmailStopped
                | Self::Erased
        )
    }
}

#[cfg_attr(feature = "split", lazy(fallible))]
async fn account(page: Account) -> Shown {
    let shown = match page {
        Account::Register => RegisterPage().into_any(),
        Account::Verify => VerifyPage().into_any(),
        Account::Login => LoginPage().into_any(),
        Account::MailCode => MailCodePage().into_any(),
        Account::Confirm => ConfirmSignInPage().into_any(),
        Account::Reset => ResetPage().into_any(),
        Account::ResetCode => ResetCodePage().into_any(),
        Account::Home => AccountPage().into_any(),
        Account::Orders => MyOrdersPage().into_any(),
        Account::Order => MyOrderPage().into_any(),
        Account::Claim => ClaimPage().into_any(),
        Account::ClaimCode => ClaimCodePage().into_any(),
        Account::Addresses => AddressesPage().into_any(),
        Account::Address => AddressPage().into_any(),
        Account::Security => SecurityPage().into_any(),
        Account::Password => PasswordPage().into_any(),
        Account::SignIns => SignInsPage().into_any(),
        Account::NotMe => NotMePage().into_any(),
        Account::Prove => ProvePage().into_any(),
        Account::Totp => TotpPage().into_any(),
        Account::Recovery => RecoveryPage().into_any(),
        Account::Email => EmailPage().into_any(),
        Account::EmailBack => EmailBackPage().into_any(),
        Account::EmailLink => EmailLinkPage().into_any(),
        Account::EmailReturned => view! { <EmailDonePage returned=true /> }.into_any(),
        Account::EmailStopped => view! { <EmailDonePage returned=false /> }.into_any(),
        Account::Data => DataPage().into_any(),
        Account::Export => ExportPage().into_any(),
        Account::Erase => ErasePage().into_any(),
        Account::Erased => ErasedPage().into_any(),
        Account::Mail => MyMailPage().into_any(),
        Account::CheckMail => CheckMailPage().into_any(),
        Account::ConfirmNewsletter => ConfirmNewsletterPage().into_any(),
        Account::LeaveNewsletter => LeaveNewsletterPage().into_any(),
        Account::NewsletterBegins => view! { <NewsletterDonePage begins=true /> }.into_any(),
        Account::NewsletterEnds => view! { <NewsletterDonePage begins=false /> }.into_any(),
    };
    Ok(if page.is_behind_the_door() { view! { <Room page=shown /> }.into_any() } else { shown })
}

/// What is read and not filled in.
#[derive(Clone, Copy)]
enum Reading {
    Order,
    Trust,
    Notice,
    Help,
    Commerce,
    Privacy,
    Terms,
}

#[cfg_attr(feature = "split", lazy(fallible))]
async fn reading(page: Reading) -> Shown {
    Ok(match page {
        Reading::Order => OrderPage().into_any(),
        Reading::Trust => TrustPage().into_any(),
        Reading::Notice => NoticePage().into_any(),
        Reading::Help => HelpPage().into_any(),
        Reading::Commerce => CommercePage().into_any(),
        Reading::Privacy => PrivacyPage().into_any(),
        Reading::Terms => TermsPage().into_any(),
    })
}

/// A part of the wasm besides the first one.
#[cfg(any(feature = "ssr", feature = "split"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Made by [`browsing`].
    Browsing,
    /// Made by [`buying`].
    Buying,
    /// Made by [`account`].
    Account,
    /// Made by [`reading`].
    Reading,
}

#[cfg(any(feature = "ssr", feature = "split"))]
impl Part {
    /// The part that the page at `path` lies in; `None`: in the first one, which is always there.
    pub fn of(path: &str) -> Option<Self> {
        match Lang::strip(path.split('?').next()?).split('/').nth(1)? {
            "" | "c" | "search" => Some(Self::Browsing),
            "cart" | "checkout" => Some(Self::Buying),
            "register" | "verify" | "login" | "reset" | "account" | "mails" | "newsletter" => Some(Self::Account),
            "orders" | "security" | "help" | "legal" => Some(Self::Reading),
            _ => None,
        }
    }

    /// The name of the function that makes its pages, by which the build lists the part's files.
    #[cfg(feature = "ssr")]
    pub fn name(self) -> &'static str {
        match self {
            Self::Browsing => "browsing",
            Self::Buying => "buying",
            Self::Account => "account",
            Self::Reading => "reading",
        }
    }
}

/// Fetches the part that the page at `path` lies in. A page can only be woken up whole: the server's
/// HTML is all there, and the view that takes hold of it must not come piecemeal.
///
/// # Errors
/// The part cannot be had: the shop has gone on to another version, or the network is down.
#[cfg(feature = "hydrate")]
pub async fn fetch_part(path: &str) -> Result<(), leptos::wasm_split::SplitLoaderError> {
    #[cfg(feature = "split")]
    match Part::of(path) {
        Some(Part::Browsing) => __preload_browsing().await?,
        Some(Part::Buying) => __preload_buying().await?,
        Some(Part::Account) => __preload_account().await?,
        Some(Part::Reading) => __preload_reading().await?,
        None => {}
    }
    #[cfg(not(feature = "split"))]
    let _ = path;
    Ok(())
}

/// A page in another part; while that is fetched, the page before it stays. One type for all of them:
/// a type for each page would bring the router's code along for each.
#[derive(Clone)]
struct In(fn() -> Pin<Box<dyn Future<Output = Shown>>>);

impl ChooseView for In {
    async fn choose(self) -> AnyView {
        match (self.0)().await {
            Ok(page) => page,
            // The way out is to load the page anew, which also brings the shop's next version.
            Err(_) => view! { <Trouble refusal=Refusal::NoAnswer /> }.into_any(),
        }
    }

    async fn preload(&self) {}
}
