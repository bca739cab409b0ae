//! The test bank's own page (development only): where a shopper says how the payment ends. It has
//! a look of its own and needs no scripts, as the page of a real bank would not be ours.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use noren_domain::Lang;
use noren_shop::Shop;
use noren_shop::payment::{self, BankState, BankView, Choice, PaymentError, TestBank};
use serde::Deserialize;

const CSS: &str = include_str!("bank/bank.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The routes of the test bank; none in production.
pub fn routes(shop: Shop) -> Router {
    if !shop.development {
        return Router::new();
    }
    Router::new()
        .route("/test-bank/style.css", get(css))
        .route("/test-bank/pay/{pass}", get(show).post(choose))
        .with_state(shop)
}

async fn css() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], CSS)
}

#[derive(Deserialize)]
struct Pressed {
    choice: Choice,
}

async fn show(State(shop): State<Shop>, Path(pass): Path<String>) -> Response {
    let Some(reference) = payment::reference_of(&shop, &pass) else { return StatusCode::NOT_FOUND.into_response() };
    match TestBank::view(&shop, reference).await {
        Ok(Some(view)) if view.state == BankState::Ended => Redirect::to(&view.return_url).into_response(),
        Ok(Some(view)) => ([(CONTENT_SECURITY_POLICY, POLICY)], Html(page(&view))).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => trouble(&error),
    }
}

async fn choose(State(shop): State<Shop>, Path(pass): Path<String>, Form(pressed): Form<Pressed>) -> Response {
    let Some(reference) = payment::reference_of(&shop, &pass) else { return StatusCode::NOT_FOUND.into_response() };
    if let Err(error) = TestBank::choose(&shop, reference, pressed.choice).await {
        return trouble(&error);
    }
    match TestBank::view(&shop, reference).await {
        Ok(Some(view)) if view.state == BankState::Ended => Redirect::to(&view.return_url).into_response(),
        Ok(Some(_)) => Redirect::to(&format!("/test-bank/pay/{pass}")).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => trouble(&error),
    }
}

fn trouble(error: &PaymentError) -> Response {
    tracing::error!(%error, "the test bank failed");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn button(class: &str, choice: &str, words: &str) -> String {
    format!("<button class=\"{class}\" name=\"choice\" value=\"{choice}\">{words}</button>")
}

fn page(view: &BankView) -> String {
    let lang = view.lang;
    let bank = lang.pick("テスト銀行", "Test Bank");
    let (title, hint, buttons) = match view.state {
        BankState::Challenged => challenge(lang),
        BankState::Open | BankState::Ended => choices(lang),
    };
    format!(
        "<!DOCTYPE html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title} | {bank}</title><link rel=\"stylesheet\" href=\"/test-bank/style.css\"></head>\
         <body><header>{bank}</header><main><h1>{title}</h1><p class=\"amount\">{}</p><p class=\"hint\">{hint}</p>\
         <form method=\"post\">{buttons}</form></main></body></html>",
        lang.tag(),
        view.amount.show(lang),
    )
}

fn choices(lang: Lang) -> (&'static str, &'static str, String) {
    let title = lang.pick("カードでのお支払い", "Pay by card");
    let hint = lang.pick(
        "これは開発用の銀行です。お金は動きません。支払いの結果を選んでください。",
        "This bank is for development and moves no money. Choose how the payment ends.",
    );
    let buttons = [
        button("main", "succeed", lang.pick("支払う（成功）", "Pay (succeeds)")),
        button("", "challenge", lang.pick("本人認証（3-Dセキュア）を経て支払う", "Pay with 3-D Secure first")),
        button("", "late", lang.pick("支払う（銀行からの通知が遅れて届く）", "Pay; the bank's notice comes late")),
        button("", "twice", lang.pick("支払う（銀行からの通知が2回届く）", "Pay; the bank's notice comes twice")),
        button("bad", "decline", lang.pick("カードが承認されない", "The card is declined")),
        button("bad", "abandon", lang.pick("支払わずに店に戻る", "Go back to the shop without paying")),
    ];
    (title, hint, buttons.concat())
}

fn challenge(lang: Lang) -> (&'static str, &'static str, String) {
    let title = lang.pick("本人認証（3-Dセキュア）", "Confirm it is you (3-D Secure)");
    let hint = lang.pick(
        "カード会社が、ご本人によるお支払いかどうかを確認しています。",
        "The card company asks whether it is really you who pays.",
    );
    let buttons = [
        button("main", "succeed", lang.pick("本人です。支払う", "It is me: pay")),
        button("bad", "decline", lang.pick("認証に失敗する", "Fail the check")),
        button("bad", "abandon", lang.pick("支払わずに店に戻る", "Go back to the shop without paying")),
    ];
    (title, hint, buttons.concat())
}
