//! What to do after a sign-in that was not one's own.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::NotMeView;
use noren_domain::moment;

use crate::form::Refusal;
use crate::lang::{href, use_lang};
use crate::legal::MAIL;
use crate::ui::{Badge, BadgeKind, Head, Load};

/// Loads the page.
#[server(endpoint = "account/not-me-page", input = GetUrl)]
pub async fn load_not_me() -> Result<Option<NotMeView>, Refusal> {
    let who = super::inside::guard("/account/security/not-me").await?;
    noren_shop::account::history::not_me(&crate::request::shop(), &who).await.map_err(|e| crate::request::failed(&e))
}

/// What to do after a sign-in that was not one's own.
#[component]
pub fn NotMePage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("心当たりのないログイン", "A sign-in that was not yours") index=false />
        <Load key=String::new load=|_| load_not_me() view=move |view: NotMeView| view! { <NotMe view /> } />
    }
}

#[component]
fn NotMe(view: NotMeView) -> impl IntoView {
    let lang = use_lang();
    let when = moment::date_time(view.reported_at, lang);
    let done = move || view! { <Badge words=lang.pick("済み", "Done") kind=BadgeKind::Ok /> };
    let password = if view.password_changed {
        done().into_any()
    } else {
        view! {
            <a class="button button--primary" href=href("/account/security/password")>
                {lang.pick("パスワードを変更する", "Change the password")}
            </a>
        }
        .into_any()
    };
    view! {
        <div class="door stack">
            <p class="small"><a href=href("/account/security")>{lang.pick("アカウントの安全", "Account security")}</a></p>
            <h1>{lang.pick("心当たりのないログイン", "A sign-in that was not yours")}</h1>
            <p>
                {lang.pick(
                    format!("{when}に、ご報告を受け付けました。上から順に、お進みください。"),
                    format!("You told us on {when}. Please go through this from the top."),
                )}
            </p>
            <ol class="steps-to-take">
                <li>
                    <h2>{lang.pick("ほかの端末のログアウト", "Other devices signed out")}</h2>
                    <p>
                        {lang.pick(
                            "この端末のほかは、すべてログアウトしました。ほかの端末は、もうパスワードだけではログインできません。メールの確認コード（認証アプリをお使いの場合は、アプリのコード）も必要です。ただし、登録されているパスキーでは、これまでどおりログインできます。",
                            "All devices but this one are signed out, and the password alone opens none of them any more: a code from your mail is asked for as well, or, where you have an app, its code. But a passkey that is registered still opens your account.",
                        )}
                    </p>
                    {done()}
                </li>
                <li>
                    <h2>{lang.pick("ログインの方法の確認", "Your ways to sign in")}</h2>
                    <p>
                        {lang.pick(
                            "身に覚えのないパスキーや認証アプリが加えられていたら、削除してください。復旧コードも、新しく作りなおすと安心です。",
                            "Remove any passkey or authenticator app that you did not add yourself, and make new recovery codes. ",
                        )}
                        <a href=href("/account/security")>{lang.pick("アカウントの安全へ", "Account security")}</a>
                    </p>
                </li>
                <li>
                    <h2>{lang.pick("パスワードの変更", "A new password")}</h2>
                    <p>
                        {lang.pick(
                            "ほかのサービスで使っていない、新しいパスワードに変更してください。同じパスワードをほかでもお使いでしたら、そちらも変更されることをおすすめします。",
                            "Please set a password that you use nowhere else. If you used the old one elsewhere, change it there as well.",
                        )}
                    </p>
                    {password}
                </li>
                <li>
                    <h2>{lang.pick("メールの確認", "Your mailbox")}</h2>
                    <p>
                        {lang.pick(
                            "メールのパスワードも変更し、見覚えのない転送の設定がないか、ご確認ください。メールを読める人は、確認コードも読めてしまいます。",
                            "Please change the password of your mailbox too, and look for forwarding that you did not set up. Whoever reads your mail reads our codes.",
                        )}
                    </p>
                </li>
                <li>
                    <h2>{lang.pick("ご注文の確認", "Your orders")}</h2>
                    <p>
                        {lang.pick("見覚えのないご注文がないか、", "Please look for orders that you did not place: ")}
                        <a href=href("/account/orders")>{lang.pick("ご注文の履歴", "your orders")}</a>
                        {lang.pick("をご確認ください。", ".")}
                    </p>
                </li>
                <li>
                    <h2>{lang.pick("ご連絡", "Tell us more")}</h2>
                    <p>
                        {lang.pick("見覚えのないご注文など、お気づきのことがあれば、", "If you find anything you did not do, please write to ")}
                        <a href=format!("mailto:{MAIL}") rel="external">{MAIL}</a>
                        {lang.pick(
                            "までお知らせください。ご報告いただいたログインの日時と接続元は、記録してあります。",
                            ". We have kept when and from where the reported sign-in came.",
                        )}
                    </p>
                </li>
            </ol>
        </div>
    }
}
