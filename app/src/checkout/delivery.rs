//! How and when it is delivered.

use leptos::form::ActionForm;
use leptos::prelude::*;
use noren_domain::Yen;
use noren_domain::checkout::Step;
use noren_domain::shipping::{Day, Method, Slot};

use super::{CheckoutSteps, DeliveryData, SaveDelivery, load_delivery};
use crate::cart::TotalsView;
use crate::form::use_faults;
use crate::lang::use_lang;
use crate::ui::{FaultSummary, Head, Load, SelectField, SubmitButton, fault_words};

/// The second step.
#[component]
pub fn DeliveryPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("配送の選択", "Delivery") index=false />
        <Load key=String::new load=|_| load_delivery() view=|data| view! { <Delivery data /> } />
    }
}

#[component]
fn Delivery(data: DeliveryData) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<SaveDelivery>::new();
    let faults = use_faults(action, data.form.faults);
    let t = move |ja: &'static str, en: &'static str| lang.pick(ja, en);
    let form = data.form.values;
    let show = move |iso: &str| Day::from_iso(iso).map_or_else(|| iso.to_owned(), |day| day.show(lang));
    let methods = data
        .methods
        .into_iter()
        .map(|(method, fee, earliest)| {
            let fee = if fee == Yen::ZERO { t("無料", "Free").to_owned() } else { fee.show(lang) };
            let day = show(&earliest);
            let hint = match method {
                Method::Parcel => lang.pick(
                    format!("最短 {day}。日時を指定できます。"),
                    format!("From {day}. You can choose a day and a time."),
                ),
                Method::Post => lang.pick(
                    format!("{day}頃。郵便受けにお届けします。日時の指定と代金引換はできません。"),
                    format!("Around {day}, into the letter box. No choice of day or time, no cash on delivery."),
                ),
            };
            let checked = form.method == method.word();
            view! {
                <label class="choice">
                    <input type="radio" name="method" value=method.word() checked=checked required />
                    <span class="choice__body">
                        <span>{format!("{} — {fee}", method.name(lang))}</span>
                        <span class="choice__hint">{hint}</span>
                    </span>
                </label>
            }
        })
        .collect_view();
    let mut days = vec![(String::new(), t("指定しない（最短でお届け）", "As soon as possible").to_owned())];
    days.extend(data.days.into_iter().map(|iso| {
        let words = show(&iso);
        (iso, words)
    }));
    let mut slots = vec![(String::new(), t("指定しない", "No preference").to_owned())];
    slots.extend(Slot::ALL.into_iter().map(|slot| (slot.word().to_owned(), slot.name(lang).to_owned())));
    let labels = vec![
        ("method", t("お届け方法", "Method")),
        ("date", t("お届け希望日", "Day")),
        ("slot", t("時間帯", "Time")),
        ("gift_message", t("メッセージ", "Message")),
    ];
    let fault_of = move |name: &'static str| move || faults.read().get(name).map(|fault| fault_words(lang, fault));
    view! {
        <CheckoutSteps now=Step::Delivery />
        <h1>{t("配送の選択", "Delivery")}</h1>
        <div class="split">
            <ActionForm action=action attr:class="form checkout-form">
                <FaultSummary faults labels />
                <fieldset id="f-method" tabindex="-1" aria-describedby="f-method-fault">
                    <legend>{t("お届け方法", "Method")}</legend>
                    {methods}
                    <p class="field__fault" id="f-method-fault">{fault_of("method")}</p>
                </fieldset>
                <div class="field-row delivery-when">
                    <SelectField name="date" label=t("お届け希望日", "Day") faults options=days value=form.date.clone() />
                    <SelectField name="slot" label=t("時間帯", "Time") faults options=slots value=form.slot.clone() />
                </div>
                <fieldset>
                    <legend>{t("ギフト", "Gift")}</legend>
                    <label class="choice">
                        <input type="checkbox" name="gift_wrap" value="1" checked=!form.gift_wrap.is_empty() />
                        <span class="choice__body">
                            <span>{t("ギフト包装（無料）", "Gift wrapping (free)")}</span>
                            <span class="choice__hint">
                                {t("明細書は同封しません。", "No prices are enclosed.")}
                            </span>
                        </span>
                    </label>
                    <div class="field" class:field--fault=move || faults.read().get("gift_message").is_some()>
                        <label for="f-gift_message">
                            {t("メッセージカード", "Message card")}
                            <span class="field__optional">{t("任意", "optional")}</span>
                        </label>
                        <textarea
                            id="f-gift_message"
                            name="gift_message"
                            rows="3"
                            maxlength="200"
                            aria-describedby="f-gift_message-fault"
                            aria-invalid=move || faults.read().get("gift_message").map(|_| "true")
                        >
                            {form.gift_message.clone()}
                        </textarea>
                        <p class="field__fault" id="f-gift_message-fault">{fault_of("gift_message")}</p>
                    </div>
                </fieldset>
                <SubmitButton label=t("お支払い方法へ", "Continue to payment") pending=action.pending() />
            </ActionForm>
            <aside class="split__aside panel" aria-label=t("お会計", "Totals")>
                <TotalsView totals=data.totals />
            </aside>
        </div>
    }
}
