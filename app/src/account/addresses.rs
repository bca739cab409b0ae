//! The address book of an account: which addresses there are, another one, a change, away with one.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_params_map;
use noren_domain::account::{MAX_ADDRESSES, SavedAddress};
use noren_domain::address::AddressForm;
use noren_domain::form::Faults;
use serde::{Deserialize, Serialize};

use super::done::{Done, JustDone};
use crate::address::{AddressFields, AddressLines, FirstButton, address_labels};
use crate::form::{Form, Refusal, either_faults, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{Badge, BadgeKind, FaultSummary, Head, Load, SubmitButton};

/// Stands for a number on the page of an address that is not there yet.
const NEW: &str = "new";

/// What the list shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressesData {
    addresses: Vec<SavedAddress>,
    /// What was wrong with the form of the list that was sent last, without scripts.
    faults: Faults,
    /// What was done a moment ago.
    done: Option<Done>,
}

/// What the page of one address shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressData {
    form: Form<AddressForm>,
    /// The number of the address; `new`: it is not there yet.
    id: String,
}

/// Loads the list.
#[server(endpoint = "account/addresses", input = GetUrl)]
pub async fn load_addresses() -> Result<Option<AddressesData>, Refusal> {
    let who = super::inside::guard(inside::LIST).await?;
    let shop = crate::request::shop();
    let addresses = noren_shop::account::addresses::list(&shop, who.customer, "account/addresses").await;
    let addresses = addresses.map_err(|error| crate::request::failed(&error))?;
    let faults = crate::form::kept::<()>("addresses").map(|form| form.faults).unwrap_or_default();
    Ok(Some(AddressesData { addresses, faults, done: super::done::said(who.customer) }))
}

/// Loads the page of one address, or of a new one.
#[server(endpoint = "account/address", input = GetUrl)]
pub async fn load_address(id: String) -> Result<Option<AddressData>, Refusal> {
    let who = super::inside::guard(&format!("{}/{id}", inside::LIST)).await?;
    let saved = if id == NEW { Some(AddressForm::default()) } else { inside::find(&who, &id).await? };
    let kept = crate::form::kept("address");
    Ok(saved.map(|saved| AddressData { form: kept.unwrap_or_else(|| Form::fresh(saved)), id }))
}

/// Keeps an address, or (when the look-up button was pressed) fills it in.
#[server(endpoint = "account/save-address")]
pub async fn save_address(
    /// What was typed.
    #[server(flatten)]
    form: AddressForm,
    /// Whose place it takes; `new`: nobody's.
    id: String,
    /// Not empty: look the postal code up.
    #[server(default)]
    lookup: String,
) -> Result<(), Refusal> {
    use noren_shop::account::addresses::{add, change};
    let who = super::inside::guard(&format!("{}/{id}", inside::LIST)).await?;
    if !lookup.is_empty() {
        let (form, faults) = crate::address::fill(form);
        return Err(crate::form::refuse("address", &form, faults));
    }
    let (shop, device) = (crate::request::shop(), crate::request::device());
    let saved = if id == NEW {
        add(&shop, who.customer, &form).await
    } else {
        change(&shop, who.customer, id.parse().unwrap_or_default(), &form, &device).await
    };
    saved.map_err(|error| crate::form::refuse("address", &form, inside::faults(&error)))?;
    super::done::say(who.customer, Done::AddressSaved);
    crate::request::go(inside::LIST);
    Ok(())
}

/// Takes an address out of the book.
#[server(endpoint = "account/remove-address")]
pub async fn remove_address(id: String) -> Result<(), Refusal> {
    let who = super::inside::guard(inside::LIST).await?;
    let id = id.parse().unwrap_or_default();
    let (shop, device) = (crate::request::shop(), crate::request::device());
    inside::done(noren_shop::account::addresses::remove(&shop, who.customer, id, &device).await)
}

/// Has an address offered first.
#[server(endpoint = "account/default-address")]
pub async fn default_address(id: String) -> Result<(), Refusal> {
    let who = super::inside::guard(inside::LIST).await?;
    let id = id.parse().unwrap_or_default();
    let (shop, device) = (crate::request::shop(), crate::request::device());
    inside::done(noren_shop::account::addresses::make_default(&shop, who.customer, id, &device).await)
}

#[cfg(feature = "ssr")]
mod inside {
    use noren_domain::address::AddressForm;
    use noren_domain::form::{Fault, Faults};
    use noren_shop::account::addresses::{AddressError, one};
    use noren_shop::session::SignedIn;

    use crate::form::Refusal;
    use crate::request;

    /// The page of the list.
    pub const LIST: &str = "/account/addresses";

    /// The address with this number, if it is theirs.
    pub async fn find(who: &SignedIn, id: &str) -> Result<Option<AddressForm>, Refusal> {
        let Ok(id) = id.parse() else { return Ok(None) };
        let found = one(&request::shop(), who.customer, id, "account/addresses").await;
        Ok(found.map_err(|error| request::failed(&error))?.map(|saved| saved.address))
    }

    /// The faults to show; a fault of ours is logged.
    pub fn faults(error: &AddressError) -> Faults {
        match error {
            AddressError::Refused(faults) => faults.clone(),
            other => {
                let _ = request::failed(other);
                Faults::of(request::vault_fault(other).unwrap_or(Fault::Internal))
            }
        }
    }

    /// Goes back to the list, which shows what was done or says why not.
    pub fn done(result: Result<(), AddressError>) -> Result<(), Refusal> {
        result.map_err(|error| crate::form::refuse("addresses", &(), faults(&error)))?;
        request::go(LIST);
        Ok(())
    }
}

/// The addresses of the person who is signed in.
#[component]
pub fn AddressesPage() -> impl IntoView {
    let lang = use_lang();
    let (first, remove) = (ServerAction::<DefaultAddress>::new(), ServerAction::<RemoveAddress>::new());
    view! {
        <Head title=lang.pick("お届け先の一覧", "Your addresses") index=false />
        <Load
            key=move || format!("{} {}", first.version().get(), remove.version().get())
            load=|_| load_addresses()
            view=move |data: AddressesData| view! { <Addresses data first remove /> }
        />
    }
}

#[component]
fn Addresses(
    data: AddressesData,
    first: ServerAction<DefaultAddress>,
    remove: ServerAction<RemoveAddress>,
) -> impl IntoView {
    let lang = use_lang();
    let AddressesData { addresses, faults, done } = data;
    let faults = either_faults(use_faults(first, faults), use_faults(remove, Faults::default()));
    let room = addresses.len() < MAX_ADDRESSES as usize;
    let list = if addresses.is_empty() {
        view! {
            <p class="security-none">
                {lang.pick("保存したお届け先は、まだありません。", "You have not saved any addresses yet.")}
            </p>
        }
        .into_any()
    } else {
        let rows = addresses.into_iter().map(|saved| view! { <Row saved first remove /> }).collect_view();
        view! { <ul class="saved-addresses">{rows}</ul> }.into_any()
    };
    let more = if room {
        view! {
            <p>
                <a class="button button--primary" href=href(&format!("/account/addresses/{NEW}"))>
                    {lang.pick("お届け先を追加する", "Add an address")}
                </a>
            </p>
        }
        .into_any()
    } else {
        let words = lang.pick(
            format!(
                "お届け先は{MAX_ADDRESSES}件まで保存できます。新しく追加するには、使っていないものを削除してください。"
            ),
            format!(
                "You keep {MAX_ADDRESSES} addresses, which is the most. To add another, remove one that you do not use."
            ),
        );
        view! { <p class="muted">{words}</p> }.into_any()
    };
    view! {
        <div class="account stack stack--wide">
            <div class="page-head">
                <p class="small"><a href=href("/account")>{lang.pick("アカウント", "Your account")}</a></p>
                <h1>{lang.pick("お届け先の一覧", "Your addresses")}</h1>
                <JustDone done />
                <p class="muted">
                    {lang.pick(
                        "保存したお届け先は、ご注文のときに選ぶだけで使えます。内容は暗号化してお預かりし、削除すると消えます。",
                        "When you order, you choose one of these instead of typing it. They are kept sealed, and are gone when you remove them.",
                    )}
                </p>
            </div>
            <FaultSummary faults labels=vec![] />
            {list}
            {more}
        </div>
    }
}

#[component]
fn Row(saved: SavedAddress, first: ServerAction<DefaultAddress>, remove: ServerAction<RemoveAddress>) -> impl IntoView {
    let lang = use_lang();
    let SavedAddress { id, address, default } = saved;
    let id = id.to_string();
    let (what, edit) = (address.street.clone(), href(&format!("/account/addresses/{id}")));
    let badge = default.then(|| {
        view! { <p><Badge words=lang.pick("いつものお届け先", "Default address") kind=BadgeKind::Ok /></p> }
    });
    let choose = (!default).then(|| {
        let (id, sent) = (id.clone(), id.clone());
        let pending = Signal::derive(move || first.input().read().as_ref().is_some_and(|input| input.id == sent));
        view! {
            <ActionForm action=first>
                <input type="hidden" name="id" value=id />
                <SubmitButton
                    label=lang.pick("いつものお届け先にする", "Offer this first")
                    pending
                    class="button button--quiet"
                />
            </ActionForm>
        }
    });
    view! {
        <li class="saved-address">
            <div class="stack">
                {badge}
                <AddressLines address />
            </div>
            <div class="saved-address__acts">
                <a class="button" href=edit>
                    {lang.pick("変更する", "Change")} <span class="visually-hidden">{format!(" {what}")}</span>
                </a>
                {choose}
                <RemoveForm id what remove />
            </div>
        </li>
    }
}

/// Behind a word that is opened first: nobody removes one by a slip.
#[component]
fn RemoveForm(id: String, what: String, remove: ServerAction<RemoveAddress>) -> impl IntoView {
    let lang = use_lang();
    let sent = id.clone();
    let pending = Signal::derive(move || remove.input().read().as_ref().is_some_and(|input| input.id == sent));
    view! {
        <details class="saved-address__remove">
            <summary>
                {lang.pick("削除", "Remove")} <span class="visually-hidden">{format!(" {what}")}</span>
            </summary>
            <ActionForm action=remove>
                <input type="hidden" name="id" value=id />
                <SubmitButton label=lang.pick("この住所を削除する", "Remove this address") pending class="button" />
            </ActionForm>
        </details>
    }
}

/// The form of one address.
#[component]
pub fn AddressPage() -> impl IntoView {
    let params = use_params_map();
    view! {
        <Load
            key=move || params.read().get("id").unwrap_or_default()
            load=load_address
            view=move |data: AddressData| view! { <AddressView data /> }
        />
    }
}

#[component]
fn AddressView(data: AddressData) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<SaveAddress>::new();
    let AddressData { form, id } = data;
    let faults = use_faults(action, form.faults);
    let title = if id == NEW {
        lang.pick("お届け先の追加", "Add an address")
    } else {
        lang.pick("お届け先の変更", "Change an address")
    };
    view! {
        <Head title index=false />
        <div class="account stack stack--wide">
            <div class="page-head">
                <p class="small">
                    <a href=href("/account/addresses")>{lang.pick("お届け先の一覧", "Your addresses")}</a>
                </p>
                <h1>{title}</h1>
            </div>
            <ActionForm action=action attr:class="form">
                <FirstButton />
                <FaultSummary faults labels=address_labels(lang) />
                <input type="hidden" name="id" value=id />
                <AddressFields address=form.values faults />
                <SubmitButton label=lang.pick("保存する", "Save") pending=action.pending() />
            </ActionForm>
        </div>
    }
}
