//! Pages of the checkout feature: contact, delivery, payment, final confirmation.

mod confirm;
mod contact;
mod delivery;
#[cfg(feature = "ssr")]
mod desk;
mod payment;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::SavedAddress;
use noren_domain::cart::{Change, Totals};
use noren_domain::checkout::{Confirmation, ContactForm, DeliveryForm, PaymentForm, PaymentMethod, Step};
use noren_domain::form::Faults;
use noren_domain::shipping::Method;
use noren_domain::{Lang, Yen};
use serde::{Deserialize, Serialize};

use crate::form::{Form, Refusal};
use crate::lang::{href, use_lang};
use crate::ui::Steps;

pub use confirm::ConfirmPage;
pub use contact::ContactPage;
pub use delivery::DeliveryPage;
pub use payment::PaymentPage;

/// What is sent from the contact page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactStep {
    /// Who and where.
    #[serde(flatten)]
    pub contact: ContactForm,
    /// Not empty: the address is to be kept in the account.
    pub keep: String,
}

/// What the contact page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactData {
    /// The form.
    pub form: Form<ContactStep>,
    /// The addresses that the account keeps; nobody signed in: none.
    pub saved: Vec<SavedAddress>,
    /// Somebody is signed in whose account has room for another address.
    pub may_keep: bool,
    /// What it costs so far.
    pub totals: Totals,
    /// Delivery is an estimate.
    pub estimate: bool,
}

/// What the delivery page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryData {
    /// The form.
    pub form: Form<DeliveryForm>,
    /// The methods on offer with fee and first day of arrival (ISO 8601).
    pub methods: Vec<(Method, Yen, String)>,
    /// The days on offer for a parcel, ISO 8601.
    pub days: Vec<String>,
    /// What it costs so far.
    pub totals: Totals,
}

/// What the payment page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentData {
    /// The form.
    pub form: Form<PaymentForm>,
    /// The ways to pay that the shop can take money by.
    pub offered: Vec<PaymentMethod>,
    /// The delivery method, which cash on delivery depends on.
    pub method: Method,
    /// What it costs so far.
    pub totals: Totals,
}

/// What the final confirmation shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmData {
    /// The six items.
    pub confirmation: Confirmation,
    /// Its hash, which the button carries.
    pub seen: String,
    /// Who and where.
    pub contact: ContactForm,
    /// How and when.
    pub delivery: DeliveryForm,
    /// What changed since it was last shown: name and differences of each line.
    pub changes: Vec<(String, Vec<Change>)>,
    /// What was wrong with the last press of the button.
    pub faults: Faults,
}

/// The press of the button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlaceForm {
    /// Hash of the confirmation that was shown.
    pub seen: String,
    /// The language it was shown in (its tag): the words are part of what was agreed to.
    pub lang: String,
}

/// The contact step.
#[server(endpoint = "checkout/contact", input = GetUrl)]
pub async fn load_contact() -> Result<Option<ContactData>, Refusal> {
    desk::contact().await.map(Some)
}

/// The delivery step.
#[server(endpoint = "checkout/delivery", input = GetUrl)]
pub async fn load_delivery() -> Result<Option<DeliveryData>, Refusal> {
    desk::delivery().await.map(Some)
}

/// The payment step.
#[server(endpoint = "checkout/payment", input = GetUrl)]
pub async fn load_payment() -> Result<Option<PaymentData>, Refusal> {
    desk::payment().await.map(Some)
}

/// The final confirmation; with this answer differences count as seen.
#[server(endpoint = "checkout/confirm", input = GetUrl)]
pub async fn load_confirm(
    /// The language of the page.
    lang: Lang,
) -> Result<Option<ConfirmData>, Refusal> {
    desk::confirm(lang).await.map(Some)
}

/// Saves who and where, or (when the look-up button was pressed) fills the address in.
#[server(endpoint = "checkout/save-contact")]
pub async fn save_contact(
    /// What was typed.
    #[server(flatten)]
    form: ContactStep,
    /// Not empty: look the postal code up.
    #[server(default)]
    lookup: String,
) -> Result<(), Refusal> {
    if lookup.is_empty() { desk::save_contact(&form).await } else { Err(desk::fill(form)) }
}

/// Has the order sent to an address of the account.
#[server(endpoint = "checkout/choose-address")]
pub async fn choose_address(
    /// Its number.
    id: String,
) -> Result<(), Refusal> {
    desk::choose_address(&id).await
}

/// Saves how and when.
#[server(endpoint = "checkout/save-delivery")]
pub async fn save_delivery(
    /// What was chosen.
    #[server(flatten)]
    form: DeliveryForm,
) -> Result<(), Refusal> {
    desk::save_delivery(&form).await
}

/// Saves how it is paid.
#[server(endpoint = "checkout/save-payment")]
pub async fn save_payment(
    /// What was chosen.
    #[server(flatten)]
    form: PaymentForm,
) -> Result<(), Refusal> {
    desk::save_payment(&form).await
}

/// Places the order and goes to pay, or to the order's page.
#[server(endpoint = "checkout/place")]
pub async fn place_order(
    /// What was shown.
    #[server(flatten)]
    form: PlaceForm,
) -> Result<(), Refusal> {
    desk::place(&form).await
}

/// The steps with the present one marked.
#[component]
fn CheckoutSteps(
    /// The present step.
    now: Step,
) -> impl IntoView {
    let lang = use_lang();
    let items = Step::ALL
        .into_iter()
        .map(|step| {
            let words = match step {
                Step::Contact => lang.pick("お届け先", "Contact"),
                Step::Delivery => lang.pick("配送", "Delivery"),
                Step::Payment => lang.pick("お支払い", "Payment"),
                Step::Confirm => lang.pick("ご確認", "Confirm"),
            };
            (words.to_owned(), href(step.path()))
        })
        .collect();
    let now = Step::ALL.iter().position(|step| *step == now).unwrap_or(0);
    view! { <Steps items now /> }
}
