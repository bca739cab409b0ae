//! `noren serve`: the shop, its jobs and its metrics.

use noren_shop::Shop;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{AnyError, CLOSE_WITHIN, listen, open};
use crate::config::Config;
use crate::site::Names;
use crate::{http, jobs, metrics};

/// Said at each start in development.
const DEVELOPMENT: &str =
    "development: the mailbox page, the test bank and the demo accounts are open to everybody who reaches this shop";
/// Said at each start in production, as long as it is so.
pub const NO_MAIL: &str = "no mail leaves this machine, for no mail server is named: each lies in the data folder's mailbox \
     for 30 days; set NOREN_SMTP, or let something send them from there, or nobody can register and no order is confirmed";

/// Opens the shop and runs it until it is told to stop.
pub async fn run(config: Config) -> Result<(), AnyError> {
    match Names::find(&config.site) {
        Err(fault) if !config.development => return Err(fault.into()),
        Err(fault) => tracing::warn!("{fault}"),
        Ok(_) => {}
    }
    if config.development {
        tracing::info!("{DEVELOPMENT}");
    } else if config.outgoing.relay().is_none() {
        tracing::warn!("{NO_MAIL}");
    }
    let (shop, keeper) = open(&config).await?;
    let served = serve_shop(&config, &shop).await;
    keeper.stop().await;
    let _ = timeout(CLOSE_WITHIN, shop.db.close()).await;
    served
}

async fn serve_shop(config: &Config, shop: &Shop) -> Result<(), AnyError> {
    if config.sample {
        noren_shop::sample::stock(shop).await?;
    }
    let metrics_listener = listen(config.metrics_addr, "NOREN_METRICS_ADDR").await?;
    let listener = listen(config.addr, "NOREN_ADDR").await?;
    let (stop, stopping) = watch::channel(false);
    let metrics = tokio::spawn(metrics::serve(metrics_listener, metrics::install()?, stopping));
    let jobs = jobs::start(shop, &config.witnesses);
    let warming = tokio::spawn({
        let shop = shop.clone();
        async move {
            if let Err(error) = noren_shop::catalogue::warm(&shop).await {
                tracing::warn!(%error, "the lists of goods are not ready yet; the first visitor fills them");
            }
        }
    });
    let served = http::serve(config, shop.clone(), listener).await;
    warming.abort();
    jobs.stop(http::STOP_WITHIN).await;
    let _ = stop.send(true);
    // Whoever still reads the metrics, or holds a connection in a request cut off, is not waited for.
    if let Ok(ended) = timeout(CLOSE_WITHIN, metrics).await {
        ended??;
    }
    Ok(served?)
}
