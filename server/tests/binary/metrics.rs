//! Metrics have a listener of their own, and shoppers' has none.

use std::net::TcpListener;

use crate::installation::Installation;
use crate::server::Server;
use crate::shopper::Shopper;

/// So often the metrics are read before a line in them is missed.
const READINGS: usize = 10_000;

/// A server whose metrics are at an address that is known. Somebody may take a free port first, so
/// there are some tries.
fn serve(installation: &Installation) -> (Server, String) {
    (0..5)
        .find_map(|_| {
            let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
            Some((Server::try_start(installation, &free)?, format!("http://{free}")))
        })
        .expect("a free port")
}

#[test]
fn metrics_are_read_on_their_own_listener_and_not_on_the_shoppers() {
    let installation = Installation::on_sqlite();
    let (server, metrics) = serve(&installation);
    let (mut shopper, mut reader) = (Shopper::new(&server.url), Shopper::new(&metrics));
    assert_eq!(shopper.get("/help").unwrap().0, 200);
    assert_eq!(shopper.get("/orders/a-secret-word").unwrap().0, 404);

    let (status, _, page) = shopper.get("/metrics").unwrap();
    assert_eq!(status, 404, "{page}");
    assert!(!page.contains("http_requests_total"));
    for path in ["/", "/help", "/healthz"] {
        assert_eq!(reader.get(path).unwrap().0, 404, "{path} is no place for shoppers");
    }
    let lines = [
        "http_requests_total{method=\"GET\",route=\"help\",status=\"2xx\"} 1",
        "http_requests_total{method=\"GET\",route=\"orders\",status=\"4xx\"} 1",
        "http_request_seconds_bucket{method=\"GET\",route=\"help\",status=\"2xx\",le=\"+Inf\"} 1",
        "noren_outbox_jobs_done_total 0",
        "noren_outbox_waiting 0",
        "noren_outbox_failed 0",
    ];
    let mut text = String::new();
    // The jobs count from their first round on, which comes when it comes.
    for _ in 0..READINGS {
        (_, _, text) = reader.get("/metrics").unwrap();
        if lines.iter().all(|line| text.lines().any(|found| found == *line)) {
            break;
        }
    }
    for line in lines {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("a-secret-word"), "no path as asked for");
}
