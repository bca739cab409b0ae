//! An address in a form: its fields, the look-up of a postal code, and how an address stands on a parcel. The checkout
//! asks with them, and so does an account.

use leptos::prelude::*;
use noren_domain::Lang;
use noren_domain::address::AddressForm;
use noren_domain::form::{Fault, Faults};
use noren_domain::prefecture::Prefecture;
use serde::{Deserialize, Serialize};

use crate::form::Refusal;
use crate::lang::use_lang;
use crate::ui::{Field, FieldKind, SelectField, fault_words};

/// A place a postal code stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// JIS X 0401 number; `None`: several prefectures share the code.
    pub prefecture: Option<u8>,
    /// City and, where the code tells one, town; empty: several cities share the code.
    pub city: String,
}

/// The place a postal code stands for, while somebody types it; `None`: not known.
#[server(endpoint = "address/find")]
pub async fn find_address(
    /// As typed.
    #[server(default)]
    postal_code: String,
) -> Result<Option<Found>, Refusal> {
    Ok(inside::find(&postal_code).ok())
}

#[cfg(feature = "ssr")]
pub use inside::fill;

#[cfg(feature = "ssr")]
mod inside {
    use noren_domain::address::AddressForm;
    use noren_domain::form::{Fault, Faults};
    use noren_shop::postal;

    use super::Found;

    /// The place of a postal code. Of several, what they have in common is filled in.
    pub fn find(postal_code: &str) -> Result<Found, Fault> {
        let places = postal::lookup(postal_code).map_err(|_| Fault::PostalCode)?;
        let first = places.first().ok_or(Fault::PostalCodeNotFound)?;
        let prefecture = places.iter().all(|place| place.prefecture == first.prefecture).then_some(first.prefecture);
        let same_city = prefecture.is_some() && places.iter().all(|place| place.city == first.city);
        let city = match (places.len(), same_city) {
            (1, _) => format!("{}{}", first.city, first.town),
            (_, true) => first.city.clone(),
            (_, false) => String::new(),
        };
        Ok(Found { prefecture, city })
    }

    /// Fills in what the postal code tells; there is a fault only if the code is unknown.
    pub fn fill(mut form: AddressForm) -> (AddressForm, Faults) {
        match find(&form.postal_code) {
            Ok(found) => {
                // What the code does not tell stays as it was typed.
                if let Some(prefecture) = found.prefecture {
                    form.prefecture = prefecture.to_string();
                }
                if !found.city.is_empty() {
                    form.city = found.city;
                }
                (form, Faults::default())
            }
            Err(fault) => (form, Faults::field("postal_code", fault)),
        }
    }
}

/// An address as it stands on a parcel, line by line, without the phone. `postal_code` with or without its hyphen.
fn on_a_parcel(lang: Lang, to: AddressForm) -> Vec<String> {
    let number = to.prefecture.parse::<u8>().ok();
    let prefecture = number.and_then(|number| Prefecture::try_from(number).ok()).map_or("", |p| p.name(lang));
    let postal_code = match to.postal_code.split_at_checked(3) {
        Some((area, town)) if !town.is_empty() && !town.starts_with('-') => format!("{area}-{town}"),
        _ => to.postal_code,
    };
    let mut lines = match lang {
        Lang::Ja => vec![
            format!("〒{postal_code}"),
            format!("{prefecture}{}{}", to.city, to.street),
            to.building,
            format!("{} 様", to.name),
        ],
        Lang::En => vec![
            to.name,
            format!("{} {}", to.building, to.street).trim().to_owned(),
            format!("{}, {prefecture} {postal_code}", to.city),
            "Japan".to_owned(),
        ],
    };
    lines.retain(|line| !line.is_empty());
    lines
}

/// The same on a page, with the ways to reach the person below.
#[component]
pub fn AddressLines(
    /// The address.
    address: AddressForm,
    /// The e-mail address, where it belongs to it.
    #[prop(optional)]
    email: Option<String>,
) -> impl IntoView {
    let lang = use_lang();
    let mut lines = vec![format!("{} {}", lang.pick("電話", "Phone"), address.phone)];
    lines.splice(0..0, on_a_parcel(lang, address));
    lines.extend(email);
    let lines = lines.into_iter().map(|line| view! { <span>{line}</span> }).collect_view();
    view! { <address class="address-lines">{lines}</address> }
}

/// The names of the fields with their labels, in the order of the form.
pub fn address_labels(lang: Lang) -> Vec<(&'static str, &'static str)> {
    let t = move |ja: &'static str, en: &'static str| lang.pick(ja, en);
    vec![
        ("name", t("お名前", "Full name")),
        ("kana", t("フリガナ", "Name in kana")),
        ("postal_code", t("郵便番号", "Postal code")),
        ("prefecture", t("都道府県", "Prefecture")),
        ("city", t("市区町村", "City, ward, town")),
        ("street", t("番地", "Street number")),
        ("building", t("建物名・部屋番号", "Building and room")),
        ("phone", t("電話番号", "Phone")),
    ]
}

/// A form is sent by its first button when Enter is pressed: this one, and not the look-up of the postal code. It
/// stands in front of [`AddressFields`].
#[component]
pub fn FirstButton() -> impl IntoView {
    view! { <button class="visually-hidden" type="submit" tabindex="-1" aria-hidden="true"></button> }
}

/// The fields of an address. Beside the postal code is a button named `lookup`: without wasm it sends the form, which
/// is to come back filled in.
#[component]
pub fn AddressFields(
    /// What stands in them at first.
    address: AddressForm,
    /// The faults of the form.
    faults: Signal<Faults>,
) -> impl IntoView {
    let lang = use_lang();
    let t = move |ja: &'static str, en: &'static str| lang.pick(ja, en);
    let told = RwSignal::new(None::<Told>);
    let AddressForm { name, kana, postal_code, prefecture, city, street, building, phone } = address;
    let mut prefectures = vec![(String::new(), t("選んでください", "Please choose").to_owned())];
    prefectures.extend(Prefecture::all().map(|p| (p.number().to_string(), p.name(lang).to_owned())));
    view! {
        <Field name="name" label=t("お名前", "Full name") faults value=name autocomplete="name" max=60 />
        <Field name="kana" label=t("フリガナ", "Name in kana") faults value=kana optional=true max=60 />
        <div class="address-form__postal" on:input=move |event| typed(&event, told)>
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
            <p class="address-form__told" role="status">{move || told.get().map(|told| told.words(lang))}</p>
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
            let answer = super::find_address(typed.clone()).await;
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
