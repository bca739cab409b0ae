//! Who orders and where it goes.

use leptos::form::ActionForm;
use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::checkout::{ContactForm, Step};
use noren_domain::form::Fault;
use noren_domain::prefecture::Prefecture;

use super::{CheckoutSteps, ContactData, SaveContact, load_contact};
use crate::cart::TotalsView;
use crate::form::use_faults;
use crate::lang::use_lang;
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, SelectField, SubmitButton, fault_words};

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
    let told = RwSignal::new(None::<Told>);
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
                // A form is sent by its first button when Enter is pressed: that must not be the look-up.
                <button class="visually-hidden" type="submit" tabindex="-1" aria-hidden="true"></button>
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
                <div class="checkout-form__postal" on:input=move |event| typed(&event, told)>
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
                    <button class="button" type="submit" name="lookup" value="1" formnovalidate on:click=move |event| look_up(&event, told)>
                        {t("住所を入れる", "Fill in the address")}
                    </button>
                    <p class="checkout-form__told" role="status">{move || told.get().map(|told| told.words(lang))}</p>
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

/// How the look-up of a postal code ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "only the wasm looks up without a page load"))]
enum Told {
    /// The place, now in the fields.
    Filled(String),
    /// Several cities, or even prefectures, share the code: what they have in common is in the fields.
    Several(String),
    /// Not seven digits.
    Incomplete,
    /// No place has it.
    Unknown,
    /// The shop could not be asked.
    Unreachable,
}

impl Told {
    fn words(self, lang: Lang) -> String {
        let t = |ja: &str, en: &str| lang.pick(ja, en).to_owned();
        match self {
            Self::Filled(place) => match lang {
                Lang::Ja => format!("「{place}」を入れました。続きをご入力ください。"),
                Lang::En => format!("Filled in: {place}, as the post reads it. Please add the rest."),
            },
            Self::Several(place) => match (lang, place.is_empty()) {
                (Lang::Ja, true) => {
                    "この郵便番号は複数の都道府県で使われています。ご住所を下の欄にご入力ください。".to_owned()
                }
                (Lang::En, true) => "Several prefectures share this code. Please type your address below.".to_owned(),
                (Lang::Ja, false) => format!(
                    "「{place}」を入れました。この郵便番号は複数の市区町村で使われています。続きをご入力ください。"
                ),
                (Lang::En, false) => format!("Filled in: {place}. Several cities share this code; please add yours."),
            },
            Self::Incomplete => t(
                "郵便番号を7桁の数字で入力すると、住所が入ります。",
                "Type all seven digits of the postal code and the address is filled in.",
            ),
            Self::Unknown => fault_words(lang, &Fault::PostalCodeNotFound),
            Self::Unreachable => t(
                "通信できなかったため、住所を調べられませんでした。もう一度押すか、下の欄に直接ご入力ください。",
                "We could not look it up: there is no connection. Press again, or type the address below.",
            ),
        }
    }
}

/// With wasm the address comes without a page load; without, the same button posts the form.
fn look_up(event: &leptos::ev::MouseEvent, told: RwSignal<Option<Told>>) {
    #[cfg(feature = "hydrate")]
    {
        event.prevent_default();
        fill::now(told);
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (event, told);
}

/// The address comes by itself once seven digits stand there and nobody has written one below.
fn typed(event: &leptos::ev::Event, told: RwSignal<Option<Told>>) {
    #[cfg(feature = "hydrate")]
    fill::when_complete(&event_target_value(event), told);
    #[cfg(not(feature = "hydrate"))]
    let _ = (event, told);
}

#[cfg(feature = "hydrate")]
mod fill {
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use leptos::wasm_bindgen::JsCast;
    use leptos::web_sys::{HtmlInputElement, HtmlSelectElement};

    use super::Told;

    fn input(name: &str) -> Option<HtmlInputElement> {
        document().get_element_by_id(&format!("f-{name}"))?.dyn_into().ok()
    }

    /// Chooses a prefecture and gives its name on the page.
    fn choose_prefecture(number: u8) -> Option<String> {
        let select: HtmlSelectElement = document().get_element_by_id("f-prefecture")?.dyn_into().ok()?;
        select.set_value(&number.to_string());
        let at = u32::try_from(select.selected_index()).ok()?;
        select.item(at)?.text_content()
    }

    fn digits(typed: &str) -> usize {
        typed.chars().filter(|c| c.is_ascii_digit() || ('０'..='９').contains(c)).count()
    }

    /// Where the field remembers what the look-up wrote into it: another code may replace that.
    const FILLED: &str = "data-filled";

    /// Whether somebody has written a city themselves.
    fn written() -> bool {
        input("city").is_some_and(|city| {
            let value = city.value();
            !value.is_empty() && city.get_attribute(FILLED).as_deref() != Some(&value)
        })
    }

    /// Looks up `typed` once it has seven digits, unless a city was written already.
    pub fn when_complete(typed: &str, told: RwSignal<Option<Told>>) {
        told.set(None);
        if digits(typed) == 7 && !written() {
            look_up(told, false);
        }
    }

    /// Looks up what stands in the field and fills prefecture and city in.
    pub fn now(told: RwSignal<Option<Told>>) {
        look_up(told, true);
    }

    /// `asked`: by the button, so that the focus may go on to the next field.
    fn look_up(told: RwSignal<Option<Told>>, asked: bool) {
        let Some(code) = input("postal_code") else { return };
        let typed = code.value();
        if digits(&typed) != 7 {
            told.set(Some(Told::Incomplete));
            let _ = code.focus();
            return;
        }
        spawn_local(async move {
            let answer = super::super::find_address(typed.clone()).await;
            // What was typed meanwhile is newer than this answer.
            if code.value() != typed {
                return;
            }
            // And a city written while the answer was on its way is the person's own.
            if !asked && written() {
                return;
            }
            let found = match answer {
                Ok(Some(found)) => found,
                Ok(None) => {
                    told.try_set(Some(Told::Unknown));
                    return;
                }
                Err(_) => {
                    told.try_set(Some(Told::Unreachable));
                    return;
                }
            };
            let mut place = Vec::new();
            if let Some(number) = found.prefecture {
                place.extend(choose_prefecture(number));
            }
            if let Some(city) = input("city") {
                if !found.city.is_empty() {
                    city.set_value(&found.city);
                    let _ = city.set_attribute(FILLED, &found.city);
                    place.push(found.city.clone());
                }
                if asked {
                    let _ = city.focus();
                }
            }
            let place = place.join(" ");
            told.try_set(Some(if found.city.is_empty() { Told::Several(place) } else { Told::Filled(place) }));
        });
    }
}
