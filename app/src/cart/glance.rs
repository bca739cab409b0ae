//! What the header says about the cart: the units in it, and what a sign-in just now did with it; or that one signed out.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use noren_domain::Lang;
use noren_domain::cart::MergeReport;

use super::{Glance, load_glance};
use crate::form::Refusal;
use crate::lang::use_lang;
use crate::ui::Json;

/// Units in the cart as the page in view knows them; it knows them before the server does.
#[derive(Clone, Copy)]
pub struct Units(pub RwSignal<Option<u32>>);

#[derive(Clone, Copy)]
struct Seen(Resource<Result<Glance, Refusal>, Json>);

/// Loads what the header says, anew with every page. Called once, inside the router.
pub fn provide_glance() {
    let location = use_location();
    let source = move || (location.pathname.get(), location.search.get());
    let seen = Resource::<_, Json>::new_with_options(source, |_| load_glance(), true);
    provide_context(Seen(seen));
    provide_context(Units(RwSignal::new(None)));
}

/// The number of units in the cart; nothing while there are none.
#[component]
pub fn CartCount() -> impl IntoView {
    let lang = use_lang();
    let (Seen(seen), Units(units)) = (expect_context::<Seen>(), expect_context::<Units>());
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let counted = seen.await.map(|glance| glance.count).unwrap_or_default();
                move || {
                    let count = units.get().unwrap_or(counted);
                    (count > 0)
                        .then(|| {
                            view! {
                                <span class="header__count">
                                    {count}
                                    <span class="visually-hidden">{lang.pick("点", " items")}</span>
                                </span>
                            }
                        })
                }
            })}
        </Transition>
    }
}

/// What happened on the way to this page, whichever it is: somebody signed out, or signed in, which did something with
/// the cart.
#[component]
pub fn OnTheWay() -> impl IntoView {
    let lang = use_lang();
    let Seen(seen) = expect_context::<Seen>();
    view! {
        <div class="said" role="status">
            <Transition>
                {move || Suspend::new(async move {
                    let glance = seen.await.unwrap_or_default();
                    let left = glance.left.then(|| lang.pick("ログアウトしました。", "You are signed out.").to_owned());
                    let said = left.or_else(|| glance.merged.map(|report| words(&report, lang)));
                    said.map(|said| view! { <p class="note note--done">{said}</p> })
                })}
            </Transition>
        </div>
    }
}

fn words(report: &MergeReport, lang: Lang) -> String {
    let moved = match (lang, report.moved) {
        (_, 0) => String::new(),
        (Lang::Ja, n) => format!("ログイン前のカートの{n}点を、お客様のカートに加えました。"),
        (Lang::En, 1) => "The item from before you signed in is now in your cart.".to_owned(),
        (Lang::En, n) => format!("The {n} items from before you signed in are now in your cart."),
    };
    let dropped = match (lang, report.dropped) {
        (_, 0) => String::new(),
        (Lang::Ja, n) => format!("{n}点は、在庫または数量の上限のため加えられませんでした。"),
        (Lang::En, n) => format!(" {n} could not be added because of stock or the limit per item."),
    };
    format!("{moved}{dropped}").trim().to_owned()
}
