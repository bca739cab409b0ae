//! Work beside the requests: the outbox and the sweeper, until the server stops.

use noren_shop::Shop;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The running jobs.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Starts all jobs.
pub fn start(_shop: &Shop) -> Jobs {
    let (stop, _) = watch::channel(false);
    Jobs { stop, tasks: JoinSet::new() }
}

impl Jobs {
    /// Lets each job finish what it is doing, and waits for that.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}
