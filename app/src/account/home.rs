//! The account's first page.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::{AccountView, RemovedFactors};
use noren_domain::order::OrderSummary;
use noren_domain::{Lang, moment};
use serde::{Deserialize, Serialize};

use super::done::{Done, JustDone};
use super::email_change::EmailBanner;
use super::removed::Removed;
use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::legal::MAIL;
use crate::ui::{Head, Load};

/// What the account's first page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountData {
    account: AccountView,
    /// The newest order.
    latest: Option<OrderSummary>,
    /// Orders of a guest can be brought in with one press.
    claim: bool,
    /// What a new password has just taken away.
    removed: RemovedFactors,
    /// What was done a moment ago.
    done: Option<Done>,
}

/// Loads the account's first page.
#[server(endpoint = "account/home", input = GetUrl)]
pub async fn account_home() -> Result<Option<AccountData>, Refusal> {
    let who = super::inside::guard("/account").await?;
    let shop = crate::request::shop();
    let account = noren_shop::account::home(&shop, &who).await.map_err(|e| crate::request::failed(&e))?;
    let latest = noren_shop::order::latest(&shop, who.customer).await.map_err(|e| crate::request::failed(&e))?;
    let claim = noren_shop::account::claim::is_proved(&shop, &who).await.map_err(|e| crate::request::failed(&e))?;
    let (removed, done) = (super::removed::kept(), super::done::said(who.customer));
    Ok(account.map(|account| AccountData { account, latest, claim, removed, done }))
}

/// The account's first page.
#[component]
pub fn AccountPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("アカウント", "Your account") index=false />
        <Load
            key=String::new
            load=|_| account_home()
            view=move |data: AccountData| view! { <Account data /> }
        />
    }
}

/// What is said to a person whose data open no more.
#[component]
pub(super) fn Lost() -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="note note--warning stack">
            <p>
                {lang.pick(
                    "お客様のメールアドレスとお名前は、開くための鍵が失われたため、表示できなくなりました。ご登録より前のバックアップから店のデータを戻したときなどに起こります。暗号化されたままですので、ほかの人が読むこともできません。",
                    "Your e-mail address and name can no longer be opened, because their key is lost. This happens, for example, when the shop had to be put back from a backup older than your registration. They stay sealed: nobody else can read them either.",
                )}
            </p>
            <p>
                {lang.pick(
                    "ご注文の記録は残っています。お届け前のご注文がある場合や、アカウントを作りなおしたい場合は、お手数ですが次のアドレスへご連絡ください。",
                    "The record of your orders is still here. If an order has not reached you yet, or to have the account made anew, please write to us:",
                )}
                " " <a href=format!("mailto:{MAIL}")>{MAIL}</a>
            </p>
        </div>
    }
}

#[component]
fn Account(data: AccountData) -> impl IntoView {
    let lang = use_lang();
    let AccountData { account, latest, claim, removed, done } = data;
    let hello = match &account.name {
        Some(name) => lang.pick(format!("{name} 様"), format!("Hello, {name}")),
        None => lang.pick("アカウント", "Your account").to_owned(),
    };
    let attention = match (account.attention, lang) {
        (0, Lang::Ja) => "確認が必要なことはありません。".to_owned(),
        (0, Lang::En) => "Nothing needs your attention.".to_owned(),
        (n, Lang::Ja) => format!("ご確認いただきたいことが{n}件あります。"),
        (1, Lang::En) => "One thing needs your attention.".to_owned(),
        (n, Lang::En) => format!("{n} things need your attention."),
    };
    let security = if account.attention > 0 { "account-card account-card--attention" } else { "account-card" };
    view! {
        <div class="account stack stack--wide">
            <div class="page-head">
                <h1>{hello}</h1>
                <JustDone done />
                <Removed removed signed_in=true />
                {account.email_waits.map(|until| view! { <EmailBanner until /> })}
                {match account.email {
                    Some(email) => view! { <p class="muted">{email}</p> }.into_any(),
                    None => view! { <Lost /> }.into_any(),
                }}
                <p class="muted small">
                    {lang.pick("ご登録日: ", "Customer since ")}
                    <time datetime=moment::machine(account.since)>{moment::date(account.since, lang)}</time>
                </p>
            </div>
            {latest
                .map(|order| {
                    view! {
                        <section class="stack" aria-labelledby="latest">
                            <h2 id="latest">{lang.pick("最近のご注文", "Your latest order")}</h2>
                            <ul class="account-cards account-cards--one"><super::orders::OrderRow order /></ul>
                        </section>
                    }
                })}
            {claim.then(|| view! { <super::claim::ClaimOffer /> })}
            <ul class="account-cards">
                <li>
                    <a class=security href=href("/account/security")>
                        <strong>{lang.pick("アカウントの安全", "Account security")}</strong>
                        <span>{attention}</span>
                    </a>
                </li>
                <li>
                    <a class="account-card" href=href("/account/orders")>
                        <strong>{lang.pick("ご注文の履歴", "Your orders")}</strong>
                        <span>{lang.pick("これまでのご注文と、お届けの状況", "What you bought, and where it is")}</span>
                    </a>
                </li>
                <li>
                    <a class="account-card" href=href("/account/addresses")>
                        <strong>{lang.pick("お届け先の一覧", "Your addresses")}</strong>
                        <span>{lang.pick("ご注文のときに選べるお届け先", "To choose from when you order")}</span>
                    </a>
                </li>
                <li>
                    <a class="account-card" href=href("/account/mail")>
                        <strong>{lang.pick("当店からお送りしたメール", "Mails we sent you")}</strong>
                        <span>{lang.pick("送信の記録、メールの言語、お便りの設定", "What was sent, their language, and the newsletter")}</span>
                    </a>
                </li>
                <li>
                    <a class="account-card" href=href("/cart")>
                        <strong>{lang.pick("カート", "Your cart")}</strong>
                        <span>{lang.pick("カートの中身を見る", "See what is in it")}</span>
                    </a>
                </li>
            </ul>
        </div>
    }
}
