//! Sign-ins and tries, for a copy of somebody's data. Whoever knows an address can have any number of tries written down: of
//! those a copy holds the newest, and says how many more there are.

use noren_domain::account::SignInOutcome;
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use crate::db::Conn;
use crate::{fetch_all, fetch_one};

noren_domain::masked!(SignIn);

/// So many tries of each way to fail stand in a copy.
pub(super) const TRIES: usize = 2_000;

#[derive(Serialize, FromRow)]
pub(super) struct SignIn {
    pub at: i64,
    pub outcome: String,
    /// By what; `None`: nobody came in, or it was not kept yet then.
    pub way: Option<String>,
    pub user_agent: String,
    pub network: String,
    pub answer: Option<String>,
}

/// All sign-ins and the newest tries of each way to fail, the newest first; and how many older tries there are.
pub(super) async fn all(conn: &mut Conn, customer: Uuid) -> Result<(Vec<SignIn>, i64), sqlx::Error> {
    let newest = "SELECT at, outcome, way, user_agent, network, answer FROM sign_in
                  WHERE customer_id = $1 AND outcome = $2 ORDER BY at DESC, id DESC LIMIT $3";
    let every = i64::MAX;
    let mut all = fetch_all!(conn, SignIn, newest, customer, SignInOutcome::Ok.word(), every).await?;
    let most = i64::try_from(TRIES).unwrap_or(every);
    let mut older = 0;
    for outcome in
        [SignInOutcome::Asked, SignInOutcome::Blocked, SignInOutcome::WrongPassword, SignInOutcome::WrongCode]
    {
        let tries = fetch_all!(conn, SignIn, newest, customer, outcome.word(), most).await?;
        if tries.len() == TRIES {
            let sql = "SELECT COUNT(*) FROM sign_in WHERE customer_id = $1 AND outcome = $2";
            let (count,) = fetch_one!(conn, (i64,), sql, customer, outcome.word()).await?;
            older += (count - most).max(0);
        }
        all.extend(tries);
    }
    all.sort_by_key(|sign_in| std::cmp::Reverse(sign_in.at));
    Ok((all, older))
}
