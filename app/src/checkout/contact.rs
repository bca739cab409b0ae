//! Who orders and where it goes.

use leptos::form::ActionForm;
use leptos::prelude::*;
use noren_domain::account::SavedAddress;
use noren_domain::checkout::Step;
use noren_domain::form::Faults;

use super::{CheckoutSteps, ChooseAddress, ContactData, ContactStep, SaveContact, load_contact};
use crate::address::{AddressFields, AddressLines, FirstButton, address_labels};
use crate::cart::TotalsView;
use crate::form::{either_faults, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, SubmitButton};

/// So many saved addresses stand in view; the others behind a word.
const IN_VIEW: usize = 3;

/// The first step.
#[component]
pub fn ContactPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("お届け先", "Contact and address") index=false />
        <Load key=String::new load=|_| load_contact() view=|data| view! { <Contact data /> } />
    }
}

#[component]
fn Contact(data: ContactData) -> impl IntoView {
    let lang = use_lang();
    let t = move |ja: &'static str, en: &'static str| lang.pick(ja, en);
    let action = ServerAction::<SaveContact>::new();
    let choose = ServerAction::<ChooseAddress>::new();
    let faults = either_faults(use_faults(action, data.form.faults), use_faults(choose, Faults::default()));
    let ContactStep { contact, keep } = data.form.values;
    let (address, email) = (contact.address(), contact.email);
    let mut labels = vec![("email", t("メールアドレス", "E-mail"))];
    labels.extend(address_labels(lang));
    // Whoever has addresses, or may keep one, is signed in.
    let sign_in = (data.saved.is_empty() && !data.may_keep).then(|| {
        let to = href("/login?next=/checkout/contact");
        view! {
            <p>
                {t("会員の方は、", "With an account, ")} <a href=to>{t("ログイン", "sign in")}</a>
                {t("すると、保存したお届け先をお使いいただけます。", " to use your saved addresses.")}
            </p>
        }
    });
    let saved = (!data.saved.is_empty()).then(|| view! { <Saved saved=data.saved choose /> });
    let keep = data.may_keep.then(|| {
        view! {
            <label class="choice">
                <input type="checkbox" name="keep" value="1" checked=!keep.is_empty() />
                <span class="choice__body">
                    <span>{t("このお届け先を保存する", "Save this address")}</span>
                    <span class="choice__hint">
                        {t("次のご注文から、ここで選べるようになります。", "You can choose it here the next time.")}
                    </span>
                </span>
            </label>
        }
    });
    view! {
        <CheckoutSteps now=Step::Contact />
        <h1>{t("お届け先", "Contact and address")}</h1>
        <div class="split">
            <div class="stack stack--wide">
                {saved}
                {sign_in}
                <ActionForm action=action attr:class="form checkout-form">
                    <FirstButton />
                    <FaultSummary faults labels />
                    <Field
                        name="email"
                        label=t("メールアドレス", "E-mail")
                        faults
                        value=email
                        kind=FieldKind::Email
                        autocomplete="email"
                        hint=t("ご注文の控えをお送りします。", "We send your order confirmation here.")
                        max=254
                    />
                    <AddressFields address faults />
                    {keep}
                    <SubmitButton label=t("配送の選択へ", "Continue to delivery") pending=action.pending() />
                </ActionForm>
            </div>
            <aside class="split__aside panel" aria-label=t("お会計", "Totals")>
                <TotalsView totals=data.totals estimate=data.estimate />
            </aside>
        </div>
    }
}

/// The addresses of the account, each with the button that sends the order there.
#[component]
fn Saved(saved: Vec<SavedAddress>, choose: ServerAction<ChooseAddress>) -> impl IntoView {
    let lang = use_lang();
    let mut saved = saved.into_iter().map(|saved| view! { <Choice saved choose /> }.into_any());
    let first: Vec<AnyView> = saved.by_ref().take(IN_VIEW).collect();
    let others: Vec<AnyView> = saved.collect();
    let others = (!others.is_empty()).then(|| {
        let words = lang.pick(format!("ほかの{}件を見る", others.len()), format!("See the other {}", others.len()));
        view! {
            <details class="saved-addresses__more">
                <summary>{words}</summary>
                <ul class="saved-addresses">{others}</ul>
            </details>
        }
    });
    view! {
        <section class="stack" aria-labelledby="saved-addresses">
            <h2 id="saved-addresses">{lang.pick("保存したお届け先から選ぶ", "Choose a saved address")}</h2>
            <ul class="saved-addresses">{first}</ul>
            {others}
            <p class="small"><a href=href("/account/addresses")>{lang.pick("お届け先の一覧を編集する", "Edit your addresses")}</a></p>
        </section>
        <h2>{lang.pick("または、お届け先を入力する", "Or type an address")}</h2>
    }
}

#[component]
fn Choice(saved: SavedAddress, choose: ServerAction<ChooseAddress>) -> impl IntoView {
    let lang = use_lang();
    let SavedAddress { id, address, .. } = saved;
    let pending = Signal::derive(move || choose.input().read().as_ref().is_some_and(|sent| sent.id == id.to_string()));
    view! {
        <li class="saved-address">
            <AddressLines address />
            <ActionForm action=choose>
                <input type="hidden" name="id" value=id.to_string() />
                <SubmitButton label=lang.pick("このお届け先に送る", "Send it here") pending class="button" />
            </ActionForm>
        </li>
    }
}
