//! Work beside the requests: the outbox and the sweeper, until the server stops.

use std::time::Duration;

use noren_shop::{Shop, order, outbox};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How often the outbox is looked at when nobody rings.
const OUTBOX_EVERY: Duration = Duration::from_millis(500);
/// How often unfinished orders are looked at.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// The running jobs.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Starts all jobs.
pub fn start(shop: &Shop) -> Jobs {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(work_off(shop.clone(), stopped.clone()));
    tasks.spawn(sweep(shop.clone(), stopped));
    Jobs { stop, tasks }
}

async fn work_off(shop: Shop, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match outbox::run_due(&shop).await {
            Ok(done) => metrics::counter!("noren_outbox_jobs_done_total").increment(done.try_into().unwrap_or(0)),
            Err(error) => tracing::error!(%error, "the outbox cannot be read; trying again"),
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = outbox::rung() => {}
            () = sleep(OUTBOX_EVERY) => {}
        }
    }
}

async fn sweep(shop: Shop, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match order::sweep(&shop).await {
            Ok(swept) => {
                metrics::counter!("noren_orders_expired_total").increment(swept.expired.try_into().unwrap_or(0));
            }
            Err(error) => tracing::error!(%error, "unfinished orders cannot be swept; trying again"),
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = sleep(SWEEP_EVERY) => {}
        }
    }
}

impl Jobs {
    /// Lets each job finish what it is doing, and waits for that.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}
