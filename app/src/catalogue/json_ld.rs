//! What search engines read about a product: schema.org `Product`, `Offer`, `BreadcrumbList`.

use noren_domain::catalogue::filter::push_pair;
use noren_domain::catalogue::{ProductDetail, Variant};
use serde_json::{Value, json};

use crate::request;

/// The JSON-LD of a product's page, ready to stand in a `<script>`.
pub fn product(data: &ProductDetail) -> String {
    let origin = request::shop().url.clone();
    let lang = request::lang();
    let at = |path: &str| format!("{origin}{}", lang.path(path));
    let crumbs = std::iter::once((lang.pick("ホーム", "Home").to_owned(), at("/")))
        .chain(data.crumbs.iter().map(|crumb| (crumb.name.clone(), at(&format!("/c/{}", crumb.slug)))))
        .chain([(data.name.clone(), at(&format!("/p/{}", data.slug)))])
        .enumerate()
        .map(|(i, (name, item))| json!({ "@type": "ListItem", "position": i + 1, "name": name, "item": item }))
        .collect::<Vec<_>>();
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
            { "@type": "BreadcrumbList", "itemListElement": crumbs },
        ],
    });
    escape(&graph.to_string())
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
