//! The floor to measure against: axum, the same bytes, one SQLite read, nothing else.

use std::net::SocketAddr;
use std::path::Path;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use crate::load::AnyError;

#[derive(Clone)]
struct Floor {
    page: axum::body::Bytes,
    pool: SqlitePool,
}

/// Serves until killed.
pub async fn serve(addr: SocketAddr, page: &Path, database: &Path) -> Result<(), AnyError> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let pool = SqlitePoolOptions::new().max_connections(8).test_before_acquire(false).connect_with(options).await?;
    let floor = Floor { page: std::fs::read(page)?.into(), pool };
    let app = Router::new().route("/", get(answer)).with_state(floor);
    axum::serve(tokio::net::TcpListener::bind(addr).await?, app).await?;
    Ok(())
}

async fn answer(State(floor): State<Floor>) -> Response {
    let row: Result<(i64, String), _> =
        sqlx::query_as("SELECT id, name_ja FROM product WHERE id = $1").bind(1_i64).fetch_one(&floor.pool).await;
    match row {
        Ok(_) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], floor.page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
