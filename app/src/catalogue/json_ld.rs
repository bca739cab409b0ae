//! What search engines read about goods: schema.org `Product`, `Offer`, `BreadcrumbList`.

use noren_domain::catalogue::filter::push_pair;
use noren_domain::catalogue::{CategoryPage, Crumb, ProductDetail, Variant};
use serde_json::{Value, json};

use crate::request;

/// The JSON-LD of a product's page, ready to stand in a `<script>`.
pub fn product(data: &ProductDetail) -> String {
    let origin = request::shop().url.clone();
    let lang = request::lang();
    let at = |path: &str| format!("{origin}{}", lang.path(path));
    let pictures: Vec<String> = data.pictures.iter().map(|p| format!("{origin}{}", p.path(1200, "webp"))).collect();
    let offers: Vec<Value> = data.variants.iter().map(|v| offer(&at(&format!("/p/{}", data.slug)), v)).collect();
    let graph = json!({
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": "Product",
                "name": data.name,
                "description": data.summary,
                "image": pictures,
                "sku": data.variants.first().map(|v| v.sku.as_str()),
                "brand": { "@type": "Brand", "name": data.brand },
                "offers": offers,
            },
            way(&data.crumbs, &data.name, &format!("/p/{}", data.slug)),
        ],
    });
    escape(&graph.to_string())
}

/// The JSON-LD of a category's page.
pub fn category(data: &CategoryPage) -> String {
    let mut way = way(&data.crumbs, &data.name, &format!("/c/{}", data.slug));
    way["@context"] = json!("https://schema.org");
    escape(&way.to_string())
}

/// The way from the home page to `path`.
fn way(crumbs: &[Crumb], name: &str, path: &str) -> Value {
    let origin = request::shop().url.clone();
    let lang = request::lang();
    let at = |path: &str| format!("{origin}{}", lang.path(path));
    let items = std::iter::once((lang.pick("ホーム", "Home"), at("/")))
        .chain(crumbs.iter().map(|crumb| (crumb.name.as_str(), at(&format!("/c/{}", crumb.slug)))))
        .chain([(name, at(path))])
        .enumerate()
        .map(|(i, (name, item))| json!({ "@type": "ListItem", "position": i + 1, "name": name, "item": item }))
        .collect::<Vec<_>>();
    json!({ "@type": "BreadcrumbList", "itemListElement": items })
}

fn offer(page: &str, variant: &Variant) -> Value {
    let mut query = String::new();
    push_pair(&mut query, "v", &variant.sku);
    let stock = if variant.stock.can_be_bought() { "InStock" } else { "OutOfStock" };
    json!({
        "@type": "Offer",
        "sku": variant.sku,
        "url": format!("{page}?{query}"),
        "price": variant.price.0,
        "priceCurrency": "JPY",
        "availability": format!("https://schema.org/{stock}"),
        "itemCondition": "https://schema.org/NewCondition",
    })
}

/// No text of a product can end the script or open a comment in it.
fn escape(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_script() {
        let text = escape(&json!({ "name": "</script><script>alert(1)</script><!--" }).to_string());
        assert!(!text.contains(['<', '>', '&']));
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["name"], "</script><script>alert(1)</script><!--");
    }
}
