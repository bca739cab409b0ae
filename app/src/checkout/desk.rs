//! The server's side of the checkout: guards, forms, the press of the button.

use noren_domain::account::MAX_ADDRESSES;
use noren_domain::cart::{Cart, CartView};
use noren_domain::checkout::{ContactForm, DeliveryForm, PaymentForm, Step};
use noren_domain::form::{Fault, Faults};
use noren_domain::prefecture::Prefecture;
use noren_domain::shipping::{DAYS_ON_OFFER, Method};
use noren_domain::{Id, Lang};
use noren_shop::account::addresses;
use noren_shop::checkout::{self, Answers, CheckoutError};
use noren_shop::order::{self, Next, PlaceError, ViewError};
use noren_shop::session::SignedIn;
use noren_shop::{cart, payment};
use serde::Serialize;

use super::{ConfirmData, ContactData, ContactStep, DeliveryData, PaymentData, PlaceForm};
use crate::cart::desk::{cart as current, key};
use crate::form::{Form, Refusal, keep, kept, refuse};
use crate::request::{self, failed, go, shop, vault_fault};

/// Goes to the cart: there is nothing to buy.
fn to_cart() -> Refusal {
    go("/cart");
    Fault::EmptyCart.into()
}

/// The cart of this browser. Where there is none because the sign-in has ended meanwhile, the way
/// leads through the login back to `step`.
async fn cart_at(step: Step) -> Result<Id<Cart>, Refusal> {
    match current().await? {
        Some(cart) => Ok(cart),
        None => Err(nothing(step).await?),
    }
}

/// There is nothing to buy: the way leads to the cart, or through the login if the sign-in has ended.
async fn nothing(step: Step) -> Result<Refusal, Refusal> {
    Ok(crate::account::ended(step.path()).await?.unwrap_or_else(to_cart))
}

/// The same for a form, of which nothing is lost on the way.
async fn cart_for<T: Serialize>(step: Step, name: &str, form: &T) -> Result<Id<Cart>, Refusal> {
    let cart = cart_at(step).await;
    if matches!(&cart, Err(Refusal::Faults(faults)) if *faults == Faults::of(Fault::SessionEnded)) {
        keep(name, form, &Faults::default());
    }
    cart
}

/// Goes to a step that is missing.
fn to(step: Step) -> Refusal {
    go(step.path());
    Fault::StepMissing.into()
}

/// The cart and the answers so far, once every step before `step` is filled in.
async fn guarded(step: Step) -> Result<(Id<Cart>, Answers, CartView), Refusal> {
    let cart = cart_at(step).await?;
    let (answers, view) = checkout::answers(&shop(), cart, step).await.map_err(|e| failed(&e))?;
    if view.is_empty() {
        return Err(nothing(step).await?);
    }
    if answers.next < step {
        return Err(to(answers.next));
    }
    Ok((cart, answers, view))
}

fn prefecture(form: &ContactForm) -> Result<Prefecture, Refusal> {
    let number = form.prefecture.parse::<u8>().ok();
    number.and_then(|number| Prefecture::try_from(number).ok()).ok_or_else(|| to(Step::Contact))
}

/// The contact step.
pub async fn contact() -> Result<ContactData, Refusal> {
    let (_, answers, view) = guarded(Step::Contact).await?;
    let who = request::signed_in().await?;
    let saved = match &who {
        Some(who) => addresses::list(&shop(), who.customer, "checkout").await.map_err(|e| failed(&e))?,
        None => Vec::new(),
    };
    let form = match (kept("contact"), &who) {
        (Some(form), _) => form,
        (None, Some(who)) if answers.contact == ContactForm::default() => fresh(known(who, !saved.is_empty()).await?),
        (None, _) => fresh(answers.contact),
    };
    let may_keep = who.is_some() && saved.len() < MAX_ADDRESSES as usize;
    Ok(ContactData { form, saved, may_keep, totals: view.totals, estimate: view.prefecture.is_none() })
}

fn fresh(contact: ContactForm) -> Form<ContactStep> {
    Form::fresh(ContactStep { contact, keep: String::new() })
}

/// What the shop knows already of a person who is signed in: the account's e-mail address; and, where there are no saved
/// addresses to choose from, the account's name and where the newest order went.
async fn known(who: &SignedIn, to_choose: bool) -> Result<ContactForm, Refusal> {
    let account = noren_shop::account::known(&shop(), who, "checkout").await.map_err(|e| failed(&e))?;
    if to_choose {
        let email = account.and_then(|account| account.email).unwrap_or_default();
        return Ok(ContactForm { email, ..ContactForm::default() });
    }
    let mut form = account.map_or_else(ContactForm::default, |account| ContactForm {
        // Lost with its key, it is typed anew.
        email: account.email.unwrap_or_default(),
        name: account.name.unwrap_or_default(),
        ..ContactForm::default()
    });
    if let Some(newest) = order::latest(&shop(), who.customer).await.map_err(|e| failed(&e))? {
        let newest = match order::mine_one(&shop(), who.customer, &newest.no).await {
            Err(ViewError::Vault(error)) if error.is_lost() => None,
            newest => newest.map_err(|e| failed(&e))?,
        };
        if let Some(to) = newest.map(|order| order.address) {
            form = ContactForm {
                email: form.email,
                name: to.name,
                kana: String::new(),
                postal_code: to.postal_code,
                prefecture: to.prefecture.number().to_string(),
                city: to.city,
                street: to.street,
                building: to.building,
                phone: to.phone,
            };
        }
    }
    Ok(form)
}

/// The delivery step. A day chosen earlier that has passed meanwhile is named as such.
pub async fn delivery() -> Result<DeliveryData, Refusal> {
    let (_, answers, view) = guarded(Step::Delivery).await?;
    let (to, now, weight) = (prefecture(&answers.contact)?, shop().now(), view.weight_g());
    let form = kept("delivery").unwrap_or_else(|| {
        let mut form = Form::fresh(answers.delivery);
        if form.values.method.is_empty() {
            Method::Parcel.word().clone_into(&mut form.values.method);
        }
        if let Err(faults) = form.values.parse(to, weight, now) {
            form.faults = faults;
        }
        form
    });
    let methods = checkout::methods(weight)
        .into_iter()
        .map(|method| (method, method.fee(to, weight, view.totals.goods), method.earliest(now, to).iso()))
        .collect();
    let first = Method::Parcel.earliest(now, to);
    let days = (0..DAYS_ON_OFFER).map(|day| first.plus(day).iso()).collect();
    Ok(DeliveryData { form, methods, days, totals: view.totals })
}

/// The payment step.
pub async fn payment() -> Result<PaymentData, Refusal> {
    let (_, answers, view) = guarded(Step::Payment).await?;
    let method = Method::from_word(&answers.delivery.method).ok_or_else(|| to(Step::Delivery))?;
    let form = kept("payment").unwrap_or_else(|| Form::fresh(answers.payment));
    Ok(PaymentData { form, offered: payment::offered(&shop()), method, totals: view.totals })
}

/// The final confirmation.
pub async fn confirm(lang: Lang) -> Result<ConfirmData, Refusal> {
    let cart = cart_at(Step::Confirm).await?;
    let (confirmation, answers, view) = match checkout::confirmation(&shop(), cart, lang).await {
        Ok(shown) => shown,
        Err(CheckoutError::Empty) => return Err(nothing(Step::Confirm).await?),
        Err(error) => return Err(stopped(error)),
    };
    if let Some(key) = key().await? {
        cart::shown(&shop(), &key, &view).await.map_err(|e| failed(&e))?;
    }
    let changes = view.lines.into_iter().filter(|line| !line.changes.is_empty());
    let changes = changes.map(|line| (line.name.into(lang), line.changes)).collect();
    let faults = kept::<PlaceForm>("place").map(|form| form.faults).unwrap_or_default();
    let seen = checkout::hash_words(&checkout::shown_hash(&confirmation));
    Ok(ConfirmData { confirmation, seen, contact: answers.contact, delivery: answers.delivery, changes, faults })
}

fn stopped(error: CheckoutError) -> Refusal {
    match error {
        CheckoutError::Refused(faults) => faults.into(),
        CheckoutError::Empty => to_cart(),
        CheckoutError::Incomplete(step) => to(step),
        error @ (CheckoutError::Vault(_) | CheckoutError::Database(_)) => failed(&error),
    }
}

/// A refusal that keeps what was typed.
fn keeping<T: Serialize>(name: &str, form: &T, error: CheckoutError) -> Refusal {
    match error {
        CheckoutError::Refused(faults) => refuse(name, form, faults),
        other => match vault_fault(&other) {
            Some(fault) => {
                let _ = failed(&other);
                refuse(name, form, Faults::of(fault))
            }
            None => stopped(other),
        },
    }
}

/// Saves who and where; for the account as well, if somebody is signed in and wants that.
pub async fn save_contact(form: &ContactStep) -> Result<(), Refusal> {
    let cart = cart_for(Step::Contact, "contact", form).await?;
    checkout::save_contact(&shop(), cart, &form.contact).await.map_err(|error| keeping("contact", form, error))?;
    if !form.keep.is_empty()
        && let Some(who) = request::signed_in().await?
        && let Err(error) = addresses::keep(&shop(), who.customer, &form.contact.address()).await
    {
        // The purchase goes on; the account's page shows that it is not there.
        let _ = failed(&error);
    }
    go(Step::Delivery.path());
    Ok(())
}

/// Has the order sent to an address of the account. Its confirmation goes to the address that was typed before, or to
/// the account's.
pub async fn choose_address(id: &str) -> Result<(), Refusal> {
    let who = crate::account::guard(Step::Contact.path()).await?;
    let (cart, answers, _) = guarded(Step::Contact).await?;
    let saved = match id.parse() {
        Ok(id) => addresses::one(&shop(), who.customer, id, "checkout").await.map_err(|e| failed(&e))?,
        Err(_) => None,
    };
    let Some(saved) = saved else {
        return Err(refuse("contact", &fresh(answers.contact).values, Faults::of(Fault::NotFound)));
    };
    let email = match answers.contact.email {
        email if email.is_empty() => {
            let account = noren_shop::account::known(&shop(), &who, "checkout").await.map_err(|e| failed(&e))?;
            account.and_then(|account| account.email).unwrap_or_default()
        }
        email => email,
    };
    let form = fresh(ContactForm::of(email, saved.address)).values;
    checkout::save_contact(&shop(), cart, &form.contact).await.map_err(|error| keeping("contact", &form, error))?;
    go(Step::Delivery.path());
    Ok(())
}

/// Saves how and when.
pub async fn save_delivery(form: &DeliveryForm) -> Result<(), Refusal> {
    let cart = cart_for(Step::Delivery, "delivery", form).await?;
    checkout::save_delivery(&shop(), cart, form).await.map_err(|error| keeping("delivery", form, error))?;
    go(Step::Payment.path());
    Ok(())
}

/// Saves how it is paid.
pub async fn save_payment(form: &PaymentForm) -> Result<(), Refusal> {
    let cart = cart_for(Step::Payment, "payment", form).await?;
    checkout::save_payment(&shop(), cart, form).await.map_err(|error| keeping("payment", form, error))?;
    go(Step::Confirm.path());
    Ok(())
}

/// Fills the address in and shows the form again. The "refusal" holds a fault only if the code is unknown.
pub fn fill(form: ContactStep) -> Refusal {
    let (address, faults) = crate::address::fill(form.contact.address());
    let contact = ContactForm::of(form.contact.email, address);
    refuse("contact", &ContactStep { contact, ..form }, faults)
}

/// Places the order that was shown.
pub async fn place(form: &PlaceForm) -> Result<(), Refusal> {
    let cart = cart_at(Step::Confirm).await?;
    let changed = || refuse("place", form, Faults::of(Fault::Changed));
    let seen = checkout::hash_from_words(&form.seen).ok_or_else(changed)?;
    let customer = request::signed_in().await?.map(|who| who.customer);
    let lang = if form.lang.is_empty() { request::lang() } else { Lang::from_tag(&form.lang) };
    match order::place(&shop(), cart, customer, seen, lang).await {
        Ok(placed) => {
            match placed.next {
                Next::Done => go(&format!("/orders/{}", placed.token.secret())),
                Next::Pay { url } => leptos_axum::redirect(&url, false),
            }
            Ok(())
        }
        Err(PlaceError::Changed | PlaceError::Sold(_)) => Err(changed()),
        Err(PlaceError::Empty) => Err(to_cart()),
        Err(PlaceError::Incomplete(step)) => Err(to(step)),
        Err(PlaceError::Payment(error)) => {
            tracing::warn!(%error, "the payment provider gave no page");
            Err(refuse("place", form, Faults::of(Fault::PaymentUnavailable)))
        }
        Err(error) => Err(failed(&error)),
    }
}
