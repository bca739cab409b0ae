//! Memory at rest, and after many requests of which every second is abandoned half-way.

use std::time::Duration;

use crate::load::{AnyError, Browser};
use crate::running::Running;

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 4;
const REQUESTS: usize = 25_000;

/// Prints the memory of the shop at rest and after each 25,000 requests.
pub async fn print(shop: &Running) -> Result<(), AnyError> {
    println!("\nMemory (resident)");
    println!("  at rest: {:.1} MB   (at most 40)", shop.memory_mb()?);
    let visitor = Browser::with_cart(shop.addr, "TG-SGH-AI", "/p/tenugui-seigaiha").await?;
    let visitor = std::sync::Arc::new(visitor);
    let mut aborted = 0;
    for round in 1..=ROUNDS {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..CONNECTIONS {
            let visitor = visitor.clone();
            tasks.spawn(async move {
                let mut aborted = 0;
                for _ in 0..REQUESTS / CONNECTIONS / 2 {
                    visitor.again().await?.get("/p/tenugui-seigaiha").await?;
                    let mut gone = visitor.again().await?;
                    // Dropped while the page is being made: the connection closes.
                    let hurry = Duration::from_micros(300);
                    if tokio::time::timeout(hurry, gone.get("/c/tenugui?sort=price")).await.is_err() {
                        aborted += 1;
                    }
                }
                Ok::<_, AnyError>(aborted)
            });
        }
        while let Some(done) = tasks.join_next().await {
            aborted += done??;
        }
        println!(
            "  after {:>3},000 requests, {aborted} of them aborted: {:.1} MB",
            round * REQUESTS / 1000,
            shop.memory_mb()?
        );
    }
    Ok(())
}
