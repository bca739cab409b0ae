//! Erasing one's account: what goes, what stays and why; the word that does it; and the statement.

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::account::{EraseForm, EraseView, Erasure, KeptOrder};
use noren_domain::{Lang, moment};
use serde::{Deserialize, Serialize};

use crate::form::{Form, Refusal, use_faults};
use crate::lang::{href, use_lang};
use crate::ui::{FaultSummary, Field, FieldKind, Head, Load, Note, NoteKind, SubmitButton};

#[cfg(feature = "ssr")]
const PAGE: &str = "/account/data/erase";

/// Carries the statement to the page that shows it: sealed, for five minutes. It names nobody.
#[cfg(feature = "ssr")]
const PARCEL: &str = "erased";

/// What the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseData {
    erase: EraseView,
    /// The address was changed lately: it can be erased in so many hours.
    erasable_in: Option<u32>,
    form: Form<EraseForm>,
}

/// What the page after it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedData {
    /// `None`: it was shown before.
    erasure: Option<Erasure>,
}

/// Loads the page.
#[server(endpoint = "account/erase-page", input = GetUrl)]
pub async fn load_erase() -> Result<Option<EraseData>, Refusal> {
    let who = super::inside::guard_recent(PAGE).await?;
    let shop = crate::request::shop();
    let erase = noren_shop::account::erase::preview(&shop, who.who()).await;
    let Some(erase) = erase.map_err(|error| crate::request::failed(&error))? else { return Ok(None) };
    let erasable_in = noren_shop::account::erasable_in(&shop, who.who()).await;
    let erasable_in = erasable_in.map_err(|error| crate::request::failed(&error))?;
    Ok(Some(EraseData { erase, erasable_in, form: crate::form::kept("erase").unwrap_or_default() }))
}

/// Erases the account.
#[server(endpoint = "account/erase")]
pub async fn erase(#[server(flatten)] form: EraseForm) -> Result<(), Refusal> {
    use noren_domain::form::{Fault, Faults};
    use noren_shop::account::erase::EraseError;
    let who = super::inside::guard_recent(PAGE).await?;
    form.parse().map_err(|faults| crate::form::refuse("erase", &form, faults))?;
    let erased = noren_shop::account::erase::erase(&crate::request::shop(), &who).await;
    let erased = erased.map_err(|error| match error {
        EraseError::Paused { hours } => crate::form::refuse("erase", &form, Faults::of(Fault::Paused { hours })),
        EraseError::Door(error) => super::inside::fault(&error).into(),
        error => crate::request::failed(&error),
    });
    let erased = erased?.ok_or(Fault::SessionEnded)?;
    crate::request::clear_session_token();
    crate::request::put_parcel(PARCEL, &serde_json::to_vec(&erased).unwrap_or_default());
    crate::request::go("/account/data/erased");
    Ok(())
}

/// The statement, once, to whoever has just had an account erased.
#[server(endpoint = "account/erased", input = GetUrl)]
pub async fn load_erased() -> Result<Option<ErasedData>, Refusal> {
    let parcel = crate::request::take_parcel(PARCEL);
    Ok(Some(ErasedData { erasure: parcel.and_then(|bytes| serde_json::from_slice(&bytes).ok()) }))
}

/// Asks for the erasure.
#[component]
pub fn ErasePage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("アカウントの消去", "Erase your account") index=false />
        <Load key=String::new load=|_| load_erase() view=move |data: EraseData| view! { <EraseBody data /> } />
    }
}

#[component]
fn EraseBody(data: EraseData) -> impl IntoView {
    let lang = use_lang();
    let EraseData { erase, erasable_in, form } = data;
    let action = ServerAction::<Erase>::new();
    let faults = use_faults(action, form.faults);
    let label = lang.pick("確認のため「消去」と入力してください", "To confirm, type “erase”");
    let orders = match (erase.finished, lang) {
        (0, Lang::Ja) => "終わったご注文のお名前、ご住所など（終わったご注文はありません）".to_owned(),
        (0, Lang::En) => "Name, address and more of finished orders (there are none)".to_owned(),
        (n, Lang::Ja) => {
            format!("終わったご注文{n}件の、お名前、ご住所、電話番号、メールアドレス、メッセージ")
        }
        (1, Lang::En) => "Name, address, phone, e-mail and message of 1 finished order".to_owned(),
        (n, Lang::En) => format!("Name, address, phone, e-mail and message of {n} finished orders"),
    };
    // Where it has to wait, that alone is said, and there is nothing to press.
    let top = match erasable_in {
        Some(hours) => view! { <Wait hours /> }.into_any(),
        None => view! { <FaultSummary faults labels=vec![("typed", label)] /> }.into_any(),
    };
    let word = erasable_in.is_none().then(|| {
        view! {
            <ActionForm action=action>
                <div class="stack">
                    <Field name="typed" label faults kind=FieldKind::Text value=form.values.typed autocomplete="off" max=20 />
                    <SubmitButton
                        label=lang.pick("アカウントを消去する", "Erase my account")
                        pending=action.pending()
                        class="button button--danger button--wide"
                    />
                </div>
            </ActionForm>
        }
    });
    view! {
        <div class="security stack">
            <div class="page-head">
                <p class="small"><a href=href("/account/data")>{lang.pick("お預かりしている情報", "The data we hold about you")}</a></p>
                <h1>{lang.pick("アカウントの消去", "Erase your account")}</h1>
            </div>
            {top}
            <section class="stack" aria-labelledby="goes">
                <h2 id="goes">{lang.pick("すぐに消えるもの", "What goes at once")}</h2>
                <ul class="bullets">
                    <li>{lang.pick("アカウント：メールアドレス（変更前や変更手続き中のものも）、お名前、保存なさったお届け先、パスワード、パスキーなどのログインの方法", "Your account: e-mail address (an earlier or pending one too), name, saved addresses, password, passkeys and other ways to sign in")}</li>
                    <li>{lang.pick("ログイン（すべての端末でログアウトします）、ログインの記録、確認済みの端末", "Your sign-ins (all devices are signed out), their record, recognised browsers")}</li>
                    <li>{lang.pick("カート、お手続きの途中の内容、お便りの設定、お客様に関わるお知らせの記録", "Your cart, an unfinished checkout, the newsletter, the record of notices about you")}</li>
                    <li>{orders}</li>
                </ul>
                <p>
                    {lang.pick(
                        "暗号化に使っている鍵を破棄するため、データベースの控えに残った分も読めなくなります。元に戻すことは、当店にもできません。",
                        "The keys that this is sealed with are destroyed, so copies of the database cannot be read either. Nobody can bring it back, not even we.",
                    )}
                </p>
            </section>
            <section class="stack" aria-labelledby="stays">
                <h2 id="stays">{lang.pick("残るものと、その理由", "What stays, and why")}</h2>
                <ul class="bullets">
                    <li>
                        {lang.pick(
                            "ご注文の番号、日付、商品、金額、消費税、入金の記録。消費税法第58条と法人税法第126条により7年間保存しますが、お客様が分かる情報は含みません。",
                            "Number, date, goods, sums, tax and payments of your orders: seven years, by article 58 of the Consumption Tax Act and article 126 of the Corporation Tax Act, with nothing that says whose they were.",
                        )}
                    </li>
                    <li>
                        {lang.pick(
                            "お便りに同意された日時と取りやめられた日時（特定電子メール法第3条第2項）。お名前などは含みません。",
                            "When you agreed to the newsletter and ended it (Act on Regulation of Transmission of Specified Electronic Mail, article 3, paragraph 2), without a name.",
                        )}
                    </li>
                    <li>
                        {lang.pick(
                            "情報を読んだ記録の台帳。お名前などは入っておらず、消去のあとは、だれについての記録か当店にも分かりません。",
                            "The ledger of who read what. There is no name in it, and after the erasure even we cannot tell whom it was about.",
                        )}
                    </li>
                    <li>
                        {lang.pick(
                            "ログインせずになさったご注文は残ります。先にアカウントへ加えると、いっしょに消去できます。",
                            "Orders that you placed without signing in stay. If you bring them into your account first, they are erased with it.",
                        )}
                        " "
                        <a href=href("/account/guest-orders")>{lang.pick("ご注文を加える", "Bring orders in")}</a>
                    </li>
                </ul>
                <KeptOrders kept=erase.kept />
                <p>
                    {lang.pick(
                        "消去の内容と受付番号を、最後のメールでお知らせします。メールアドレスの鍵は、そのメールが出たあとに（遅くとも7日のうちに）破棄します。",
                        "The statement with its number goes to you as a last mail. The key of your address is destroyed once that mail has left, within seven days in any case.",
                    )}
                </p>
            </section>
            <p>
                <a href=href("/account/data")>{lang.pick("先に控えを書き出す", "Export a copy first")}</a>
            </p>
            {word}
        </div>
    }
}

/// That an account whose address was changed lately is not erased yet.
#[component]
fn Wait(
    /// In so many hours it can be.
    hours: u32,
) -> impl IntoView {
    let lang = use_lang();
    // Hours are read off as days while there are many of them.
    let wait = match (hours, hours.div_ceil(24), lang) {
        (0..=48, _, Lang::Ja) => format!("あと{hours}時間"),
        (1, _, Lang::En) => "in 1 hour".to_owned(),
        (0..=48, _, Lang::En) => format!("in {hours} hours"),
        (_, days, Lang::Ja) => format!("あと{days}日ほど"),
        (_, days, Lang::En) => format!("in about {days} days"),
    };
    let words = lang.pick(
        format!("メールアドレスを変更されて間もないため、アカウントの消去は、{wait}お待ちいただいてから行えます。ご本人でない方が変更したときに、元のアドレスに戻せるようにするためです。"),
        format!("Your e-mail address was changed only recently, so the account can be erased {wait}: until then the earlier address can be put back, in case it was not you who changed it."),
    );
    view! { <Note kind=NoteKind::Warning><p>{words}</p></Note> }
}

/// Orders that keep their person for now.
#[component]
fn KeptOrders(kept: Vec<KeptOrder>) -> impl IntoView {
    let lang = use_lang();
    (!kept.is_empty()).then(|| {
        let rows = kept
            .into_iter()
            .map(|order| {
                let waits = order.waits.words(lang);
                let words = lang.pick(format!("{}（{waits}）", order.no), format!("{} ({waits})", order.no));
                view! { <li>{words}</li> }
            })
            .collect_view();
        view! {
            <Note kind=NoteKind::Info>
                <p>
                    {lang.pick(
                        "次のご注文は、お届けやご返金が終わるまでお名前やご住所を残します。終わりしだい（発送したものは30日後に）自動的に消去します。",
                        "These orders keep name and address until they are delivered or paid back. Then (30 days after they were sent) they are erased automatically.",
                    )}
                </p>
                <ul class="bullets">{rows}</ul>
            </Note>
        }
    })
}

/// Says that it is done.
#[component]
pub fn ErasedPage() -> impl IntoView {
    let lang = use_lang();
    view! {
        <Head title=lang.pick("アカウントを消去しました", "Your account is erased") index=false />
        <Load key=String::new load=|_| load_erased() view=move |data: ErasedData| view! { <Statement data /> } />
    }
}

#[component]
fn Statement(data: ErasedData) -> impl IntoView {
    let lang = use_lang();
    let body = match data.erasure {
        Some(erasure) => {
            let Erasure { no, at, finished, kept, .. } = erasure;
            let when = moment::date_time(at, lang);
            let gone = match (finished, lang) {
                (0, Lang::Ja) => {
                    "アカウントと、それに結び付いた情報のすべて（終わったご注文はありませんでした）".to_owned()
                }
                (0, Lang::En) => "Your account with everything linked to it (there were no finished orders)".to_owned(),
                (n, Lang::Ja) => {
                    format!("アカウントと、それに結び付いた情報のすべて。終わったご注文{n}件のお名前、ご住所など")
                }
                (1, Lang::En) => {
                    "Your account with everything linked to it; name, address and more of 1 finished order".to_owned()
                }
                (n, Lang::En) => {
                    format!("Your account with everything linked to it; name, address and more of {n} finished orders")
                }
            };
            view! {
                <dl class="holding__facts">
                    <div><dt>{lang.pick("受付番号", "Number")}</dt><dd class="erase-no">{no}</dd></div>
                    <div><dt>{lang.pick("消去の日時", "Erased on")}</dt><dd>{when}</dd></div>
                    <div>
                        <dt>{lang.pick("消去したもの", "What is gone")}</dt>
                        <dd>{gone}</dd>
                    </div>
                    <div>
                        <dt>{lang.pick("法令により残すもの", "What the law has us keep")}</dt>
                        <dd>{lang.pick("ご注文の帳簿（お客様が分かる情報を含まない形で7年間）", "The books of your orders, without a person, for seven years")}</dd>
                    </div>
                </dl>
                <KeptOrders kept />
                <p>
                    {lang.pick(
                        "同じ内容を、最後のメールでお送りします。これまでのご利用、ありがとうございました。",
                        "The same goes to you as a last mail. Thank you for shopping with us.",
                    )}
                </p>
            }
            .into_any()
        }
        None => view! {
            <p>
                {lang.pick(
                    "消去の内容は一度だけ表示します。お送りした最後のメールをご覧ください。",
                    "The statement is shown once. It stands in the last mail that we sent.",
                )}
            </p>
        }
        .into_any(),
    };
    view! {
        <div class="security stack">
            <h1>{lang.pick("アカウントを消去しました", "Your account is erased")}</h1>
            {body}
            <p><a class="button" href=href("/")>{lang.pick("トップページへ", "To the home page")}</a></p>
        </div>
    }
}
