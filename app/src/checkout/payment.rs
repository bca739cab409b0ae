//! How it is paid.

use leptos::form::ActionForm;
use leptos::prelude::*;
use noren_domain::checkout::{CASH_LIMIT, PaymentMethod, Step, TRANSFER_DAYS};
use noren_domain::form::Fault;

use super::{CheckoutSteps, PaymentData, SavePayment, load_payment};
use crate::cart::TotalsView;
use crate::form::use_faults;
use crate::lang::use_lang;
use crate::ui::{FaultSummary, Head, Load, SubmitButton, fault_words};

/// The third step.
#[component]
pub fn PaymentPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("お支払い方法", "Payment") index=false />
        <Load key=String::new load=|_| load_payment() view=|data| view! { <Payment data /> } />
    }
}

#[component]
fn Payment(data: PaymentData) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<SavePayment>::new();
    let faults = use_faults(action, data.form.faults);
    let t = move |ja: &'static str, en: &'static str| lang.pick(ja, en);
    let chosen = data.form.values.payment;
    let before_fee = data.totals.goods + data.totals.shipping;
    let choices = data
        .offered
        .into_iter()
        .map(|payment| {
            let possible = payment.check(data.method, before_fee);
            let hint = match (&possible, payment) {
                (Err(Fault::CashLimit { .. }), _) => lang.pick(
                    format!("合計{}までのご注文でご利用いただけます。", CASH_LIMIT.show(lang)),
                    format!("For orders up to {}.", CASH_LIMIT.show(lang)),
                ),
                (Err(_), _) => {
                    t("ポスト投函ではご利用いただけません。", "Not possible with letter-box delivery.").to_owned()
                }
                (Ok(()), PaymentMethod::Card) => t(
                    "ご注文の確定後、決済会社の画面でお支払いいただきます。カード番号は当店に届きません。",
                    "You pay on the payment provider's page. Your card number never reaches us.",
                )
                .to_owned(),
                (Ok(()), PaymentMethod::Transfer) => lang.pick(
                    format!("{TRANSFER_DAYS}日以内にお振り込みください。ご入金の確認後に発送します。"),
                    format!("Within {TRANSFER_DAYS} days. We ship once the money has arrived."),
                ),
                (Ok(()), PaymentMethod::Cash) => lang.pick(
                    format!("手数料{}。配達員に現金でお支払いください。", payment.fee().show(lang)),
                    format!("Fee {}. Pay the driver in cash.", payment.fee().show(lang)),
                ),
            };
            let checked = possible.is_ok() && chosen == payment.word();
            view! {
                <label class="choice">
                    <input
                        type="radio"
                        name="payment"
                        value=payment.word()
                        checked=checked
                        disabled=possible.is_err()
                        required
                    />
                    <span class="choice__body">
                        <span>{payment.name(lang)}</span>
                        <span class="choice__hint">{hint}</span>
                    </span>
                </label>
            }
        })
        .collect_view();
    view! {
        <CheckoutSteps now=Step::Payment />
        <h1>{t("お支払い方法", "Payment")}</h1>
        <div class="split">
            <ActionForm action=action attr:class="form checkout-form">
                <FaultSummary faults labels=vec![("payment", t("お支払い方法", "Payment"))] />
                <fieldset id="f-payment" tabindex="-1" aria-describedby="f-payment-fault">
                    <legend>{t("お支払い方法を選んでください", "Choose how to pay")}</legend>
                    {choices}
                    <p class="field__fault" id="f-payment-fault">
                        {move || faults.read().get("payment").map(|fault| fault_words(lang, fault))}
                    </p>
                </fieldset>
                <SubmitButton label=t("ご注文内容の確認へ", "Continue to confirmation") pending=action.pending() />
            </ActionForm>
            <aside class="split__aside panel" aria-label=t("お会計", "Totals")>
                <TotalsView totals=data.totals />
            </aside>
        </div>
    }
}
