//! `make bench`: prints the figures of docs/BENCHMARKS.md. A benchmark, not a test: nothing fails
//! because a machine is slow. Ratios are taken side by side in one run.

mod bare;
mod checkout;
mod load;
mod shop;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use load::{AnyError, Browser, pages};
use shop::Running;

const LENGTH: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 16;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [command, addr, page, database] = args.as_slice()
        && command == "bare"
    {
        return bare::serve(addr.parse()?, Path::new(page), Path::new(database)).await;
    }
    let (binary, site) = shop::release();
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("data");
    println!("sizes");
    let shop = Running::shop(&binary, &site, &data, None).await?;
    sizes(&site, shop.addr).await?;
    println!("\nmemory");
    memory(&shop).await?;
    println!("\npages (answers/s with one core for the server, {CONNECTIONS} connections, {LENGTH:?} each)");
    for (name, path) in [("product", "/p/tenugui-seigaiha"), ("category", "/c/tenugui"), ("search", "/search?q=%E6%B3%A2")] {
        side_by_side(&shop, name, path, &data, dir.path()).await?;
    }
    println!("\nguest checkouts");
    checkout::measure(shop.addr, CONNECTIONS, LENGTH).await?;
    Ok(())
}

/// Bytes that a first visit loads, as brotli sends them.
async fn sizes(site: &Path, addr: SocketAddr) -> Result<(), AnyError> {
    let mut code = 0;
    let mut style = 0;
    for file in std::fs::read_dir(site.join("pkg"))? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        let len = file.metadata()?.len();
        if name.ends_with(".wasm.br") || name.ends_with(".js.br") {
            println!("  {name}: {len} bytes");
            code += len;
        } else if name.ends_with(".css.br") {
            style += len;
        }
    }
    let page = Browser::open(addr).await?.get_with("/p/tenugui-seigaiha", ("accept-encoding", "br")).await?;
    println!("  wasm + JS, brotli: {code} bytes (bound 300,000, goal 200,000)");
    println!("  product page HTML + CSS, brotli: {} + {style} bytes (bound 30,000)", page.body.len());
    Ok(())
}

/// Memory at rest and after 100,000 requests of which every second is abandoned half-way.
async fn memory(shop: &Running) -> Result<(), AnyError> {
    println!("  at rest: {:.1} MB", shop.memory_mb()?);
    for round in 1..=4 {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..CONNECTIONS {
            let addr = shop.addr;
            tasks.spawn(async move {
                for _ in 0..25_000 / CONNECTIONS / 2 {
                    Browser::open(addr).await?.get("/p/tenugui-seigaiha").await?;
                    let mut gone = Browser::open(addr).await?;
                    // Dropped while the answer is on its way: the connection closes.
                    let _ = tokio::time::timeout(Duration::from_micros(300), gone.get("/c/tenugui")).await;
                }
                Ok::<_, AnyError>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done??;
        }
        println!("  after {},000 requests, half of them aborted: {:.1} MB", round * 25, shop.memory_mb()?);
    }
    Ok(())
}

/// The shop's page and the bare server's same bytes, in turn.
async fn side_by_side(shop: &Running, name: &str, path: &str, data: &Path, scratch: &Path) -> Result<(), AnyError> {
    let bytes = Browser::open(shop.addr).await?.get(path).await?.body;
    let page: PathBuf = scratch.join(format!("{name}.html"));
    std::fs::write(&page, &bytes)?;
    let floor = Running::bare(&page, &data.join("noren.sqlite")).await?;
    let mut ratios = Vec::new();
    for _ in 0..3 {
        let ours = pages(shop.addr, path, CONNECTIONS, LENGTH).await?;
        let bare = pages(floor.addr, "/", CONNECTIONS, LENGTH).await?;
        ratios.push(ours.per_second() / bare.per_second());
        println!(
            "  {name} ({} bytes): {:.0}/s, p50 {:.2} ms, p99 {:.2} ms; bare {:.0}/s; ratio {:.3}",
            bytes.len(),
            ours.per_second(),
            ours.quantile_ms(500),
            ours.quantile_ms(990),
            bare.per_second(),
            ours.per_second() / bare.per_second()
        );
    }
    ratios.sort_by(f64::total_cmp);
    println!("  {name}: median ratio {:.3} (goal 0.5)", ratios[1]);
    Ok(())
}
