//! Pages per second of one core, in turns with a bare server that sends the same bytes.

use std::path::Path;
use std::time::Duration;

use crate::load::{self, AnyError, Browser};
use crate::running::Running;

const CONNECTIONS: usize = 16;
const LENGTH: Duration = Duration::from_secs(4);
const TURNS: usize = 5;

/// What is asked for: a name, the address, and whether by a visitor with a cart, whose page is
/// rendered for each request.
const PAGES: [(&str, &str, bool); 6] = [
    ("product", "/p/tenugui-seigaiha", false),
    ("category", "/c/tenugui", false),
    ("search", "/search?q=%E6%B3%A2", false),
    ("product, with a cart", "/p/tenugui-seigaiha", true),
    ("category, with a cart", "/c/tenugui", true),
    ("search, with a cart", "/search?q=%E6%B3%A2", true),
];

/// Prints a line for each page and turn, and the median ratio.
pub async fn print(shop: &Running, data: &Path, scratch: &Path) -> Result<(), AnyError> {
    println!("\nPages per second: the server on one core, {CONNECTIONS} connections, {TURNS} turns of {LENGTH:?} each");
    for (at, (name, path, with_cart)) in PAGES.into_iter().enumerate() {
        let mut visitor = if with_cart {
            Browser::with_cart(shop.addr, "TG-SGH-AI", path).await?
        } else {
            Browser::open(shop.addr).await?
        };
        let bytes = visitor.get(path).await?.body;
        let page = scratch.join(format!("{at}.html"));
        std::fs::write(&page, &bytes)?;
        let floor = Running::bare(&page, &data.join("noren.sqlite")).await?;
        let stranger = Browser::open(floor.addr).await?;
        let mut turns = Vec::new();
        for _ in 0..TURNS {
            let ours = load::pages(&[path.to_owned()], &visitor, CONNECTIONS, LENGTH).await?;
            let bare = load::pages(&["/".to_owned()], &stranger, CONNECTIONS, LENGTH).await?;
            turns.push((ours.per_second() / bare.per_second(), ours, bare));
        }
        turns.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (ratio, ours, bare) = &turns[TURNS / 2];
        println!(
            "  {name} ({} bytes): {:.0}/s, p50 {:.2} ms, p99 {:.2} ms; bare {:.0}/s; ratio {ratio:.3} (turns {:.3} to {:.3}; goal 0.5)",
            bytes.len(),
            ours.per_second(),
            ours.quantile_ms(500),
            ours.quantile_ms(990),
            bare.per_second(),
            turns[0].0,
            turns[TURNS - 1].0,
        );
    }
    Ok(())
}
