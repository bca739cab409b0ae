//! Bytes of a first visit, as brotli sends them.

use crate::load::{AnyError, Browser};
use crate::running::Running;

/// Pages of each part of the wasm.
const PAGES: [&str; 5] = ["/p/tenugui-seigaiha", "/", "/cart", "/login", "/help"];
/// Every answer is asked for as a browser does.
const BROTLI: (&str, &str) = ("accept-encoding", "br");

/// Prints the bytes of code, style and document that some pages make a new visitor load.
pub async fn print(shop: &Running) -> Result<(), AnyError> {
    println!("\nBytes of a first visit, brotli");
    println!("  {:<22} {:>9} {:>9} {:>9} {:>9}", "page", "wasm", "JS", "HTML", "CSS");
    let mut browser = Browser::open(shop.addr).await?;
    for page in PAGES {
        let html = String::from_utf8(browser.get(page).await?.body.to_vec())?;
        let (mut wasm, mut js, mut css) = (0, 0, 0);
        for file in files(&html) {
            let answer = browser.get_with(file, BROTLI).await?;
            let kind = file.rsplit('.').next().unwrap_or_default();
            match kind {
                "wasm" => wasm += answer.body.len(),
                "js" => js += answer.body.len(),
                "css" => css += answer.body.len(),
                _ => return Err(format!("{page} loads {file}, which is neither code nor style").into()),
            }
        }
        if wasm == 0 || js == 0 || css == 0 {
            return Err(format!("{page} names no code or no style: build with `make build`").into());
        }
        let html = browser.get_with(page, BROTLI).await?.body.len();
        println!("  {page:<22} {wasm:>9} {js:>9} {html:>9} {css:>9}");
    }
    println!("  bounds for the product page: wasm + JS at most 300,000 (goal 200,000), HTML + CSS at most 30,000");
    Ok(())
}

/// The built files that a page names, each once.
fn files(html: &str) -> Vec<&str> {
    let mut files: Vec<&str> = html
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|to| to.starts_with("/pkg/"))
        .collect();
    files.sort_unstable();
    files.dedup();
    files
}
