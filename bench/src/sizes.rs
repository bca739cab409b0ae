//! Bytes of a first visit, as brotli sends them.

use crate::load::{AnyError, Browser};
use crate::running::{self, Running};

/// Prints the bytes of code, style and product page.
pub async fn print(shop: &Running) -> Result<(), AnyError> {
    println!("\nBytes of a first visit, brotli");
    let (mut code, mut style) = (0, 0);
    for file in std::fs::read_dir(running::site().join("pkg"))? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        let len = file.metadata()?.len();
        if name.ends_with(".wasm.br") || name.ends_with(".js.br") {
            println!("  {name:<40} {len:>9}");
            code += len;
        } else if name.ends_with(".css.br") {
            style += len;
        }
    }
    if code == 0 || style == 0 {
        return Err("no .br files: build with `cargo leptos build --release --precompress`".into());
    }
    let page = Browser::open(shop.addr).await?.get_with("/p/tenugui-seigaiha", ("accept-encoding", "br")).await?;
    println!("  wasm + JS                                {code:>9}   (at most 300,000; goal 200,000)");
    let first = page.body.len() as u64 + style;
    println!("  product page, HTML {} + CSS {style}        {first:>9}   (at most 30,000)", page.body.len());
    Ok(())
}
