//! The pages behind the links in the newsletter's mails. Opening one changes nothing: programs that look at mails
//! open links too.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use leptos_router::hooks::use_params_map;
use noren_domain::form::Faults;
use noren_domain::newsletter::Link;

use crate::form::{Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{Head, Load, OneButton};

/// What the link that confirms is good for.
#[server(endpoint = "newsletter/can-confirm", input = GetUrl)]
pub async fn can_confirm_newsletter(token: String) -> Result<Option<Link>, Refusal> {
    use noren_shop::token::Token;
    let Some(token) = Token::parse(&token) else { return Ok(Some(Link::Void)) };
    let link = noren_shop::newsletter::confirm_link(&crate::request::shop(), &token).await;
    link.map(Some).map_err(|e| crate::request::failed(&e))
}

/// What the link that ends it is good for.
#[server(endpoint = "newsletter/can-leave", input = GetUrl)]
pub async fn can_leave_newsletter(token: String) -> Result<Option<Link>, Refusal> {
    use noren_shop::token::Token;
    let Some(token) = Token::parse(&token) else { return Ok(Some(Link::Void)) };
    let link = noren_shop::newsletter::leave_link(&crate::request::shop(), &token).await;
    link.map(Some).map_err(|e| crate::request::failed(&e))
}

/// The newsletter begins.
#[server(endpoint = "newsletter/confirm")]
pub async fn confirm_newsletter(token: String) -> Result<(), Refusal> {
    use noren_domain::form::Fault;
    use noren_shop::token::Token;
    let Some(token) = Token::parse(&token) else { return Err(Fault::NotFound.into()) };
    let done = noren_shop::newsletter::confirm(&crate::request::shop(), &token, crate::request::lang()).await;
    if !done.map_err(|e| crate::request::failed(&e))? {
        // The page shows that the link is not good any more.
        crate::request::back();
        return Err(Fault::NotFound.into());
    }
    crate::request::go("/newsletter/confirmed");
    Ok(())
}

/// The newsletter ends.
#[server(endpoint = "newsletter/leave")]
pub async fn leave_newsletter(token: String) -> Result<(), Refusal> {
    use noren_domain::form::Fault;
    use noren_shop::newsletter::{Source, leave};
    use noren_shop::token::Token;
    let Some(token) = Token::parse(&token) else { return Err(Fault::NotFound.into()) };
    let done = leave(&crate::request::shop(), &token, crate::request::lang(), Source::Mail).await;
    if !done.map_err(|e| crate::request::failed(&e))? {
        crate::request::back();
        return Err(Fault::NotFound.into());
    }
    crate::request::go("/newsletter/left");
    Ok(())
}

/// The button that begins the newsletter.
#[component]
pub fn ConfirmNewsletterPage() -> impl IntoView {
    let lang = use_lang();
    let params = use_params_map();
    let token = move || params.read().get("token").unwrap_or_default();
    view! {
        <Head title=lang.pick("お便りの配信の確認", "Confirm the newsletter") index=false />
        <Load key=token load=can_confirm_newsletter view=move |link: Link| view! { <Confirm token=token() link /> } />
    }
}

#[component]
fn Confirm(token: String, link: Link) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<ConfirmNewsletter>::new();
    let title = lang.pick("お便りの配信の確認", "Confirm the newsletter");
    match link {
        Link::Void => return view! { <Void title /> }.into_any(),
        Link::Done => {
            let words = lang.pick(
                "お便りの配信は、すでに始まっています。ほかにしていただくことはありません。",
                "The newsletter has begun already: there is nothing more to do.",
            );
            return view! { <Over title words /> }.into_any();
        }
        Link::Good => {}
    }
    view! {
        <OneButton
            title
            words=lang.pick(
                "ボタンを押すと、ご登録のメールアドレスにお便りの配信を始めます。いつでも止められます。",
                "Press the button, and we begin to send the newsletter to the address of your account. You can end it at any time.",
            )
            label=lang.pick("お便りの配信を始める", "Begin to send it")
            token
            faults=use_faults(action, Faults::default())
            pending=action.pending()
            form=Box::new(move |fields| view! { <ActionForm action=action>{fields}</ActionForm> }.into_any())
        />
    }
    .into_any()
}

/// The button that ends it.
#[component]
pub fn LeaveNewsletterPage() -> impl IntoView {
    let lang = use_lang();
    let params = use_params_map();
    let token = move || params.read().get("token").unwrap_or_default();
    view! {
        <Head title=lang.pick("お便りの停止", "End the newsletter") index=false />
        <Load key=token load=can_leave_newsletter view=move |link: Link| view! { <Leave token=token() link /> } />
    }
}

#[component]
fn Leave(token: String, link: Link) -> impl IntoView {
    let lang = use_lang();
    let action = ServerAction::<LeaveNewsletter>::new();
    let title = lang.pick("お便りの停止", "End the newsletter");
    match link {
        Link::Void => return view! { <Void title /> }.into_any(),
        Link::Done => {
            let words = lang.pick(
                "お便りの配信は、すでに止まっています。ほかにしていただくことはありません。",
                "The newsletter has ended already: there is nothing more to do.",
            );
            return view! { <Over title words /> }.into_any();
        }
        Link::Good => {}
    }
    view! {
        <OneButton
            title
            words=lang.pick(
                "ボタンを押すと、お便りの配信を止めます。ご注文などのお手続きに必要なメールは、これからもお送りします。",
                "Press the button, and we send you no more newsletters. Mails that your orders need still come.",
            )
            label=lang.pick("お便りを止める", "Stop sending it")
            token
            faults=use_faults(action, Faults::default())
            pending=action.pending()
            form=Box::new(move |fields| view! { <ActionForm action=action>{fields}</ActionForm> }.into_any())
        />
    }
    .into_any()
}

/// A link that is not good (any more).
#[component]
fn Void(title: &'static str) -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="door stack">
            <h1>{title}</h1>
            <p>
                {lang.pick(
                    "このリンクは期限が切れているか、正しくありません。お便りの設定は、ログインのうえ、次のページで変えられます。",
                    "This link is too old, or not a right one. Signed in, you can change what you get on this page.",
                )}
            </p>
            <p>
                <a class="button button--primary" href=href("/account/mail")>
                    {lang.pick("お便りの設定へ", "To your newsletter settings")}
                </a>
            </p>
        </div>
    }
}

/// A link whose button was pressed already.
#[component]
fn Over(title: &'static str, words: &'static str) -> impl IntoView {
    let lang = use_lang();
    view! {
        <div class="door stack">
            <h1>{title}</h1>
            <p>{words}</p>
            <p><a href=href("/account/mail")>{lang.pick("お便りの設定へ", "To your newsletter settings")}</a></p>
        </div>
    }
}

/// After one of the two buttons.
#[component]
pub fn NewsletterDonePage(
    /// Whether it begins; else it has ended.
    begins: bool,
) -> impl IntoView {
    let lang = use_lang();
    let (title, words) = if begins {
        (
            lang.pick("お便りの配信を始めます", "The newsletter begins"),
            lang.pick(
                "ご確認いただき、ありがとうございます。次の号からお送りします。",
                "Thank you for confirming. The next issue will come to you.",
            ),
        )
    } else {
        (
            lang.pick("お便りを止めました", "The newsletter has ended"),
            lang.pick(
                "これまでお読みいただき、ありがとうございました。行き違いで1通届いた場合は、ご容赦ください。",
                "Thank you for having read it. If one more was on its way already, we are sorry.",
            ),
        )
    };
    view! {
        <Head title index=false />
        <div class="door stack">
            <h1>{title}</h1>
            <p role="status">{words}</p>
            <p><a href=href("/")>{lang.pick("お店に戻る", "Back to the shop")}</a></p>
        </div>
    }
}
