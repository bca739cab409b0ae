//! Work beside the requests: the outbox, the sweeper of unfinished orders, the questions to the bank
//! about late payments, the housekeeping and the witnesses of the ledger, until the server stops.

mod witnesses;

pub use witnesses::{PushError, push};

use std::time::Duration;

use noren_shop::outbox::Lane;
use noren_shop::vault::VaultError;
use noren_shop::vault_check::{self, FindError};
use noren_shop::{Shop, account, order, outbox, payment, tidy};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::witnesses::Witnesses;
use crate::witnesses::client::Client;

/// How often the outbox is looked at when nobody rings.
const OUTBOX_EVERY: Duration = Duration::from_millis(500);
/// How often unfinished orders are looked at.
const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked at whether the last mail to somebody who was erased has left.
const ERASURES_EVERY: Duration = Duration::from_secs(10);
/// How often the bank is asked about open payments of orders that are over.
const ASK_LATE_EVERY: Duration = Duration::from_mins(10);
/// How often it is looked at whether the vault still finds people: somebody who asks it as the operator can have the key
/// exchanged by which it does.
const FINDS_EVERY: Duration = Duration::from_secs(30);
/// How often the shop looks for what has served its time: codes and sessions are refused from the
/// moment they expire, and old carts mean nothing, so this is about keeping no more than is needed.
const HOUSEKEEPING_EVERY: Duration = Duration::from_hours(1);

/// How long a job that broke down rests before it is started again.
const REST: Duration = Duration::from_secs(1);

/// The running jobs.
pub struct Jobs {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Starts all jobs.
pub fn start(shop: &Shop, witnesses: &Witnesses) -> Jobs {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    for (lane, name) in [(Lane::Rest, "outbox"), (Lane::Mails, "mails")] {
        let worker = shop.clone();
        tasks.spawn(supervised(name, REST, stopped.clone(), move |stopped| work_off(worker.clone(), lane, stopped)));
    }
    let client = Client::new(witnesses);
    for witness in witnesses.0.clone() {
        let (shop, client) = (shop.clone(), client.clone());
        let job = move |stopped| witnesses::keep(shop.clone(), client.clone(), witness.clone(), stopped);
        tasks.spawn(supervised("witness", REST, stopped.clone(), job));
    }
    let mut repeat = Repeat { tasks: &mut tasks, shop, stopped: &stopped };
    repeat.every(SWEEP_EVERY, "sweeper", sweep);
    repeat.every(ASK_LATE_EVERY, "late payments", ask_late);
    repeat.every(HOUSEKEEPING_EVERY, "housekeeping", keep_house);
    repeat.every(ERASURES_EVERY, "erasures", finish_erasures);
    repeat.every(FINDS_EVERY, "vault check", look_for_people);
    Jobs { stop, tasks }
}

/// Where jobs are started that look at the shop from time to time.
struct Repeat<'a> {
    tasks: &'a mut JoinSet<()>,
    shop: &'a Shop,
    stopped: &'a watch::Receiver<bool>,
}

impl Repeat<'_> {
    /// Starts a job that does `work` at once and after every `pause`.
    fn every<F>(&mut self, pause: Duration, name: &'static str, work: fn(Shop) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shop = self.shop.clone();
        let job = move |mut stopped: watch::Receiver<bool>| {
            let shop = shop.clone();
            async move {
                while !*stopped.borrow() {
                    work(shop.clone()).await;
                    tokio::select! {
                        _ = stopped.changed() => {}
                        () = sleep(pause) => {}
                    }
                }
            }
        };
        self.tasks.spawn(supervised(name, REST, self.stopped.clone(), job));
    }
}

/// Runs `job` until it ends by itself, which it does when told to stop. A panic in it is said aloud (where it broke, says
/// `panics`; its words may hold what was read) and ends nothing: mails and reservations must not wait for the next start of the shop.
pub(crate) async fn supervised<F>(
    name: &'static str,
    rest: Duration,
    mut stopped: watch::Receiver<bool>,
    job: impl Fn(watch::Receiver<bool>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // A task of its own catches the panic; it ends with the set, so with this one.
        let mut running = JoinSet::new();
        running.spawn(job(stopped.clone()));
        match running.join_next().await {
            Some(Err(error)) if error.is_panic() => {
                tracing::error!(job = name, "a job broke down; it is started again");
                metrics::counter!("noren_jobs_broken_total", "job" => name).increment(1);
            }
            _ => return,
        }
        if timeout(rest, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

async fn work_off(shop: Shop, lane: Lane, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match outbox::run_lane(&shop, lane).await {
            Ok(done) => metrics::counter!("noren_outbox_jobs_done_total").increment(done.try_into().unwrap_or(0)),
            Err(error) => tracing::error!(%error, "the outbox cannot be read; trying again"),
        }
        tokio::select! {
            _ = stopped.changed() => {}
            () = outbox::rung(lane) => {}
            () = sleep(OUTBOX_EVERY) => {}
        }
    }
}

async fn sweep(shop: Shop) {
    match order::sweep(&shop).await {
        Ok(swept) => {
            metrics::counter!("noren_orders_expired_total").increment(swept.expired.try_into().unwrap_or(0));
        }
        Err(error) => tracing::error!(%error, "unfinished orders cannot be swept; trying again"),
    }
    match outbox::backlog(&shop).await {
        Ok(backlog) => report(backlog),
        Err(error) => tracing::error!(%error, "the outbox cannot be counted"),
    }
    match payment::unclear(&shop).await {
        Ok(unclear) => report_unclear(unclear),
        Err(error) => tracing::error!(%error, "what the bank has said cannot be counted"),
    }
}

async fn ask_late(shop: Shop) {
    if let Err(error) = order::ask_late(&shop).await {
        tracing::error!(%error, "the bank cannot be asked about late payments; trying again");
    }
}

/// Destroys the keys of those who were erased as soon as their last mail has left.
async fn finish_erasures(shop: Shop) {
    match account::erase::finish(&shop).await {
        Ok(finished) => metrics::counter!("noren_erasures_finished_total").increment(finished),
        Err(error) => tracing::error!(%error, "keys of people who were erased are not destroyed yet; trying again"),
    }
    match account::erase::unfinished(&shop).await {
        Ok(waiting) => report_erasures(waiting),
        Err(error) => tracing::error!(%error, "erasures cannot be counted"),
    }
}

async fn keep_house(shop: Shop) {
    if let Err(error) = account::dormant::sweep(&shop).await {
        tracing::error!(%error, "accounts that nobody uses cannot be looked through; trying again");
    }
    if let Err(error) = account::erase::guests::sweep(&shop).await {
        tracing::error!(%error, "old orders of guests cannot be looked through; trying again");
    }
    match account::erase::erase_finished(&shop).await {
        Ok(erased) => metrics::counter!("noren_orders_erased_total").increment(erased),
        Err(error) => tracing::error!(%error, "people are not gone yet out of finished orders; trying again"),
    }

    if let Err(error) = account::sweep(&shop).await {
        tracing::error!(%error, "expired codes and sessions cannot be thrown away; trying again");
    }
    if let Err(error) = tidy::sweep(&shop).await {
        tracing::error!(%error, "old carts and notes cannot be deleted; trying again");
    }
}

/// Says again and again that nobody is found, until it is mended. A vault that is away is told by who needs it.
async fn look_for_people(shop: Shop) {
    let lost = match vault_check::finds_people(&shop).await {
        Err(FindError::Vault(error @ VaultError::FindsNobody(_))) => {
            tracing::error!("nobody can sign in or register: {error}");
            1.0
        }
        _ => 0.0,
    };
    metrics::gauge!("noren_vault_finds_nobody").set(lost);
}

/// What the outbox has yet to do, and what a person must look at. The counts are far below 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "counts of jobs are small")]
fn report(backlog: outbox::Backlog) {
    metrics::gauge!("noren_outbox_waiting").set(backlog.waiting as f64);
    metrics::gauge!("noren_outbox_oldest_seconds").set(backlog.oldest_ms as f64 / 1_000.0);
    metrics::gauge!("noren_outbox_failed").set(backlog.failed as f64);
    metrics::gauge!("noren_mails_bounced").set(backlog.bounced as f64);
}

/// Accounts that were erased and whose last mail is under way.
#[expect(clippy::cast_precision_loss, reason = "counts of erasures are small")]
fn report_erasures(waiting: i64) {
    metrics::gauge!("noren_erasures_waiting").set(waiting as f64);
}

/// What the bank has said and a person must look at.
#[expect(clippy::cast_precision_loss, reason = "counts of alarms are small")]
fn report_unclear(unclear: payment::Unclear) {
    metrics::gauge!("noren_payment_alarms").set(unclear.alarms as f64);
    metrics::gauge!("noren_webhooks_unknown").set(unclear.unknown as f64);
}

impl Jobs {
    /// Lets each job finish what it is doing, and waits for that, but not longer than `grace`: what is
    /// cut off then is taken up after its lease, as after a crash.
    pub async fn stop(mut self, grace: Duration) {
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(grace, all).await.is_err() {
            tracing::warn!("jobs that are still running are cut off; what they had begun is done again later");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_is_started_again_and_one_that_ends_is_not() {
        let (_stop, stopped) = watch::channel(false);
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        supervised("test", Duration::ZERO, stopped, move |_| {
            let run = counted.fetch_add(1, Ordering::SeqCst);
            async move { assert!(run > 0, "the first run breaks down") }
        })
        .await;
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_job_that_does_not_end_is_cut_off() {
        let (stop, _) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(std::future::pending());
        Jobs { stop, tasks }.stop(Duration::from_millis(1)).await;
    }
}
