//! Who orders and where it goes.

use leptos::form::ActionForm;
use leptos::prelude::*;
use noren_domain::checkout::{ContactForm, Step};
use noren_domain::prefecture::Prefecture;

use super::{CheckoutSteps, ContactData, SaveContact, load_contact};
use crate::cart::TotalsView;
use crate::form::use_faults;
use crate::lang::use_lang;
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, SelectField, SubmitButton};

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
    let action = ServerAction::<SaveContact>::new();
    let faults = use_faults(action, data.form.faults);
    let t = move |ja: &'static str, en: &'static str| lang.pick(ja, en);
    let ContactForm { email, name, kana, postal_code, prefecture, city, street, building, phone } = data.form.values;
    let mut prefectures = vec![(String::new(), t("選んでください", "Please choose").to_owned())];
    prefectures.extend(Prefecture::all().map(|p| (p.number().to_string(), p.name(lang).to_owned())));
    let labels = vec![
        ("email", t("メールアドレス", "E-mail")),
        ("name", t("お名前", "Full name")),
        ("kana", t("フリガナ", "Name in kana")),
        ("postal_code", t("郵便番号", "Postal code")),
        ("prefecture", t("都道府県", "Prefecture")),
        ("city", t("市区町村", "City, ward, town")),
        ("street", t("番地", "Street number")),
        ("building", t("建物名・部屋番号", "Building and room")),
        ("phone", t("電話番号", "Phone")),
    ];
    view! {
        <CheckoutSteps now=Step::Contact />
        <h1>{t("お届け先", "Contact and address")}</h1>
        <div class="split">
            <ActionForm action=action attr:class="form checkout-form">
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
                <Field name="name" label=t("お名前", "Full name") faults value=name autocomplete="name" max=60 />
                <Field name="kana" label=t("フリガナ", "Name in kana") faults value=kana optional=true max=60 />
                <div class="checkout-form__postal" on:input=typed>
                    <Field
                        name="postal_code"
                        label=t("郵便番号", "Postal code")
                        faults
                        value=postal_code
                        kind=FieldKind::Digits
                        autocomplete="postal-code"
                        hint=t("例: 100-0005", "e.g. 100-0005")
                        max=20
                    />
                    <button class="button" type="submit" name="lookup" value="1" formnovalidate on:click=look_up>
                        {t("住所を入れる", "Fill in the address")}
                    </button>
                </div>
                <SelectField
                    name="prefecture"
                    label=t("都道府県", "Prefecture")
                    faults
                    options=prefectures
                    value=prefecture
                    autocomplete="address-level1"
                />
                <Field
                    name="city"
                    label=t("市区町村・町名", "City, ward, town")
                    faults
                    value=city
                    autocomplete="address-level2"
                    hint=t("例: 千代田区丸の内", "e.g. Chiyoda-ku Marunouchi")
                    max=100
                />
                <Field
                    name="street"
                    label=t("番地", "Street number")
                    faults
                    value=street
                    autocomplete="address-line1"
                    hint=t("例: 1-2-3", "e.g. 1-2-3")
                    max=100
                />
                <Field
                    name="building"
                    label=t("建物名・部屋番号", "Building and room")
                    faults
                    value=building
                    autocomplete="address-line2"
                    optional=true
                    max=100
                />
                <Field
                    name="phone"
                    label=t("電話番号", "Phone")
                    faults
                    value=phone
                    kind=FieldKind::Tel
                    autocomplete="tel"
                    hint=t("お届けのご連絡にだけ使います。", "Used only to reach you about the delivery.")
                    max=30
                />
                <SubmitButton label=t("配送の選択へ", "Continue to delivery") pending=action.pending() />
            </ActionForm>
            <aside class="split__aside panel" aria-label=t("お会計", "Totals")>
                <TotalsView totals=data.totals estimate=data.estimate />
            </aside>
        </div>
    }
}

/// With wasm the address comes without a page load; without, the same button posts the form.
fn look_up(event: leptos::ev::MouseEvent) {
    #[cfg(feature = "hydrate")]
    {
        event.prevent_default();
        fill::now();
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = event;
}

/// The address comes by itself once seven digits stand there and nothing was written below yet.
fn typed(event: leptos::ev::Event) {
    #[cfg(feature = "hydrate")]
    fill::when_complete(&event_target_value(&event));
    #[cfg(not(feature = "hydrate"))]
    let _ = event;
}

#[cfg(feature = "hydrate")]
mod fill {
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use leptos::wasm_bindgen::JsCast;
    use leptos::web_sys::{HtmlInputElement, HtmlSelectElement};

    fn input(name: &str) -> Option<HtmlInputElement> {
        document().get_element_by_id(&format!("f-{name}"))?.dyn_into().ok()
    }

    /// Looks up `typed` once it has seven digits, unless a city was written already.
    pub fn when_complete(typed: &str) {
        let digits = typed.chars().filter(|c| c.is_ascii_digit() || ('０'..='９').contains(c)).count();
        if digits == 7 && input("city").is_some_and(|city| city.value().is_empty()) {
            now();
        }
    }

    /// Looks up what stands in the field and fills prefecture and city in.
    pub fn now() {
        let Some(code) = input("postal_code") else { return };
        let typed = code.value();
        spawn_local(async move {
            let Ok(Some(found)) = super::super::find_address(typed).await else {
                let _ = code.focus();
                return;
            };
            let select =
                document().get_element_by_id("f-prefecture").and_then(|e| e.dyn_into::<HtmlSelectElement>().ok());
            if let Some(select) = select {
                select.set_value(&found.prefecture.to_string());
            }
            if let Some(city) = input("city") {
                city.set_value(&found.city);
                let _ = city.focus();
            }
        });
    }
}
