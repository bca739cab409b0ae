//! The work beside the requests.

use std::time::Duration;

use crate::fixture::TestApp;
use crate::shopper::EMAIL;

const DAY: i64 = 86_400_000;

async fn left(app: &TestApp) -> i64 {
    let mut conn = app.shop.db.read().await.unwrap();
    let sql = "SELECT (SELECT COUNT(*) FROM registration) + (SELECT COUNT(*) FROM session)";
    noren_shop::fetch_one!(conn, (i64,), sql).await.unwrap().0
}

#[tokio::test]
async fn expired_codes_and_sessions_are_thrown_away_by_the_running_shop() {
    let app = TestApp::start().await;
    crate::account::register(&app, &mut app.browser(), EMAIL).await;
    let fields = [("email", "other@example.jp"), ("password", crate::account::PASSWORD)];
    app.browser().post("/register", "/api/account/register", &fields).await;
    assert!(left(&app).await >= 2);
    app.shop.clock.advance(200 * DAY);
    let jobs = noren_server::jobs::start(&app.shop, &noren_server::witnesses::Witnesses::default());
    let gone = async {
        while left(&app).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), gone).await.expect("the housekeeping begins with the shop");
    jobs.stop(noren_server::http::STOP_WITHIN).await;
}
