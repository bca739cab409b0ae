//! What a shopper does on the way to an order, as plain form posts.

use crate::fixture::{Answer, Browser};

/// A tenugui of 1,320 yen, 35 g.
pub const SKU: &str = "TG-SGH-AI";
/// Its page.
pub const PRODUCT: &str = "/p/tenugui-seigaiha";
/// Where mails go.
pub const EMAIL: &str = "mori@example.jp";
/// An address that holds.
pub const ADDRESS: [(&str, &str); 9] = [
    ("email", EMAIL),
    ("name", "森 杏子"),
    ("kana", ""),
    ("postal_code", "100-0005"),
    ("prefecture", "13"),
    ("city", "千代田区丸の内"),
    ("street", "1-1-1"),
    ("building", ""),
    ("phone", "090-1234-5678"),
];

/// [`ADDRESS`] with other values.
pub fn address<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let other = |name: &str| changes.iter().find(|(changed, _)| *changed == name).map(|(_, value)| *value);
    ADDRESS.into_iter().map(|(name, value)| (name, other(name).unwrap_or(value))).collect()
}

/// Puts goods into the cart.
pub async fn add(browser: &mut Browser<'_>, quantity: &str) -> Answer {
    browser.post(PRODUCT, "/api/cart/add", &[("sku", SKU), ("quantity", quantity)]).await
}

/// Goes from an empty cart to the delivery step. `lang` is the language's prefix: nothing or `/en`.
pub async fn to_delivery(browser: &mut Browser<'_>, lang: &str) {
    add(browser, "2").await;
    let answer = browser.post(&format!("{lang}/checkout/contact"), "/api/checkout/save-contact", &ADDRESS).await;
    assert_eq!(answer.location(), format!("{lang}/checkout/delivery"));
}

/// Goes on to the payment step.
pub async fn to_payment(browser: &mut Browser<'_>, lang: &str) {
    to_delivery(browser, lang).await;
    let fields = [("method", "parcel"), ("date", ""), ("slot", "")];
    let answer = browser.post(&format!("{lang}/checkout/delivery"), "/api/checkout/save-delivery", &fields).await;
    assert_eq!(answer.location(), format!("{lang}/checkout/payment"));
}

/// Chooses how to pay and gives the hash that the confirmation's button carries.
pub async fn choose(browser: &mut Browser<'_>, lang: &str, payment: &str) -> String {
    let page = format!("{lang}/checkout/payment");
    let answer = browser.post(&page, "/api/checkout/save-payment", &[("payment", payment)]).await;
    assert_eq!(answer.location(), format!("{lang}/checkout/confirm"));
    seen(browser, lang).await
}

/// The hash on the confirmation page.
pub async fn seen(browser: &mut Browser<'_>, lang: &str) -> String {
    let page = browser.get(&format!("{lang}/checkout/confirm")).await;
    let input = page.between("name=\"seen\"", ">").unwrap_or_default();
    input.split_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

/// Goes from an empty cart to the confirmation, and gives its hash.
pub async fn to_confirmation(browser: &mut Browser<'_>, lang: &str, payment: &str) -> String {
    to_payment(browser, lang).await;
    choose(browser, lang, payment).await
}

/// Presses the button.
pub async fn place(browser: &mut Browser<'_>, lang: &str, seen: &str) -> Answer {
    browser.post(&format!("{lang}/checkout/confirm"), "/api/checkout/place", &[("seen", seen)]).await
}

/// Goes all the way to the bank's page; gives its address.
pub async fn to_the_bank(browser: &mut Browser<'_>, lang: &str) -> String {
    let seen = to_confirmation(browser, lang, "card").await;
    let answer = place(browser, lang, &seen).await;
    assert!(answer.location().starts_with("/test-bank/pay/"), "{}", answer.location());
    answer.location().to_owned()
}

/// Presses a button on the bank's page and comes back to the shop.
pub async fn at_the_bank(browser: &mut Browser<'_>, bank: &str, choice: &str) -> Answer {
    browser.submit(bank, bank, &[("choice", choice)]).await
}
