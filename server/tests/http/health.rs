//! `/healthz` and `/readyz`.

use axum::http::StatusCode;

use crate::fixture::TestApp;

#[tokio::test]
async fn a_load_balancer_learns_that_the_shop_is_alive_and_ready() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(app.browser().get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_shop_without_its_database_is_alive_but_not_ready() {
    let app = TestApp::start().await;
    app.shop.db.close().await;
    assert_eq!(app.browser().get("/healthz").await.status, StatusCode::OK);
    assert_eq!(app.browser().get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_connection_alone_does_not_make_a_shop_ready() {
    let app = TestApp::start().await;
    let mut tx = app.shop.db.write().await.unwrap();
    noren_shop::execute!(tx, "DROP TABLE key_check").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(app.browser().get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
}
