//! Pages of the catalogue: home, category, product, search.

mod buy;
mod card;
mod category;
mod home;
#[cfg(feature = "ssr")]
mod json_ld;
mod picture;
mod product;
mod search;

use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;
use noren_domain::Lang;
use noren_domain::catalogue as data;

use crate::form::Refusal;

pub use card::Cards;
pub use category::CategoryPage;
pub use home::HomePage;
pub use picture::PictureView;
pub use product::ProductPage;
pub use search::SearchPage;

/// What search engines read. They see only the server's page, so the browser's view has no text for it.
#[component]
fn JsonLd(
    /// The JSON-LD, ready to stand in a script.
    text: String,
) -> impl IntoView {
    view! { <script type="application/ld+json" nonce=leptos::nonce::use_nonce() inner_html=text></script> }
}

/// The front of the shop.
#[server(endpoint = "catalogue/home", input = GetUrl)]
pub async fn load_home(
    /// Language of the page.
    lang: Lang,
) -> Result<Option<data::HomePage>, Refusal> {
    use crate::request::{failed, shop};
    noren_shop::catalogue::home(&shop(), lang).await.map(Some).map_err(|e| failed(&e))
}

/// A category, narrowed by the query of its URL.
#[server(endpoint = "catalogue/category", input = GetUrl)]
pub async fn load_category(
    /// Language of the page.
    lang: Lang,
    /// Names the category.
    slug: String,
    /// The query of the page's URL; see [`data::Filter`].
    query: String,
) -> Result<Option<data::CategoryPage>, Refusal> {
    use crate::request::{failed, shop};
    let filter = data::Filter::parse(&query);
    noren_shop::catalogue::category(&shop(), lang, &slug, filter).await.map_err(|e| failed(&e))
}

/// A product.
#[server(endpoint = "catalogue/product", input = GetUrl)]
pub async fn load_product(
    /// Language of the page.
    lang: Lang,
    /// Names the product.
    slug: String,
) -> Result<Option<data::ProductDetail>, Refusal> {
    use crate::request::{failed, shop};
    noren_shop::catalogue::product(&shop(), lang, &slug).await.map_err(|e| failed(&e))
}

/// What matches a question.
#[server(endpoint = "catalogue/search", input = GetUrl)]
pub async fn load_search(
    /// Language of the page.
    lang: Lang,
    /// The question.
    query: String,
    /// Number of the page, from 1.
    page: u32,
) -> Result<Option<data::SearchPage>, Refusal> {
    use crate::request::{failed, shop};
    noren_shop::catalogue::search(&shop(), lang, &query, page).await.map(Some).map_err(|e| failed(&e))
}

/// Words to offer while somebody types.
#[server(endpoint = "catalogue/suggest", input = GetUrl)]
pub async fn load_suggestions(
    /// Language of the page.
    lang: Lang,
    /// What stands in the field.
    typed: String,
) -> Result<Vec<String>, Refusal> {
    use crate::request::{failed, shop};
    noren_shop::catalogue::suggest(&shop(), lang, &typed).await.map_err(|e| failed(&e))
}
