//! A load: so many keep-alive connections asking for pages as fast as they are answered.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// What a load saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Time of each answer, in microseconds, sorted.
    micros: Vec<u32>,
    /// How long the load ran.
    elapsed: Duration,
}

impl Seen {
    /// Answers per second.
    pub fn per_second(&self) -> f64 {
        self.micros.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The time below which `per_mille` of 1000 answers stayed, in milliseconds.
    pub fn quantile_ms(&self, per_mille: usize) -> f64 {
        let at = (self.micros.len() * per_mille / 1000).min(self.micros.len().saturating_sub(1));
        self.micros.get(at).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// One connection with the cookies it was given.
pub struct Browser {
    host: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
    cookies: HashMap<String, String>,
}

/// An answer that has arrived whole.
pub struct Answer {
    pub status: StatusCode,
    pub location: Option<String>,
    pub body: Bytes,
}

impl Browser {
    /// Connects.
    pub async fn open(host: SocketAddr) -> Result<Self, AnyError> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { host, sender, cookies: HashMap::new() })
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str) -> Result<Answer, AnyError> {
        self.send("GET", path, Bytes::new(), &[]).await
    }

    /// Asks for a page with one more header.
    pub async fn get_with(&mut self, path: &str, header: (&str, &str)) -> Result<Answer, AnyError> {
        self.send("GET", path, Bytes::new(), &[header]).await
    }

    /// Sends a form as a browser without scripts does, from the page `from`.
    pub async fn post(&mut self, path: &str, from: &str, fields: &[(&str, &str)]) -> Result<Answer, AnyError> {
        let body = fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect::<Vec<_>>().join("&");
        let host = self.host;
        let referer = format!("http://{host}{from}");
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", &format!("http://{host}")),
            ("referer", referer.as_str()),
        ];
        self.send("POST", path, body.into(), &headers).await
    }

    /// Another connection of the same visitor.
    pub async fn again(&self) -> Result<Self, AnyError> {
        Ok(Self { cookies: self.cookies.clone(), ..Self::open(self.host).await? })
    }

    /// A visitor with something in the cart, whose pages are rendered for each request.
    pub async fn with_cart(host: SocketAddr, sku: &str, page: &str) -> Result<Self, AnyError> {
        let mut visitor = Self::open(host).await?;
        let put = visitor.post("/api/cart/add", page, &[("sku", sku), ("quantity", "1")]).await?;
        if visitor.cookies.is_empty() {
            return Err(format!("{sku} was not put into a cart: {}", put.status).into());
        }
        Ok(visitor)
    }

    /// Becomes somebody else: a browser without cookies.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Bytes,
        headers: &[(&str, &str)],
    ) -> Result<Answer, AnyError> {
        self.sender.ready().await?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", self.host.to_string())
            .header("accept", "text/html");
        if !self.cookies.is_empty() {
            let line =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
            request = request.header("cookie", line);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.sender.send_request(request.body(Full::new(body))?).await?;
        self.keep_cookies(&response);
        let (parts, body) = response.into_parts();
        let location = parts.headers.get("location").and_then(|v| v.to_str().ok()).map(str::to_owned);
        Ok(Answer { status: parts.status, location, body: body.collect().await?.to_bytes() })
    }

    fn keep_cookies<B>(&mut self, response: &Response<B>) {
        for line in response.headers().get_all("set-cookie") {
            let Some((name, rest)) = line.to_str().ok().and_then(|line| line.split_once('=')) else { continue };
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A value as it stands in a form or a query.
pub fn escape(value: &str) -> String {
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// Asks for `paths` in turn with the cookies of `visitor`, over `connections` connections for `length`.
pub async fn pages(
    paths: &[String],
    visitor: &Browser,
    connections: usize,
    length: Duration,
) -> Result<Seen, AnyError> {
    let started = Instant::now();
    let until = started + length;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (paths, mut browser) = (paths.to_vec(), visitor.again().await?);
        tasks.spawn(async move {
            let mut micros = Vec::new();
            for path in paths.iter().cycle() {
                let asked = Instant::now();
                if asked >= until {
                    break;
                }
                let answer = browser.get(path).await?;
                if !answer.status.is_success() {
                    return Err(format!("{path} answered {}", answer.status).into());
                }
                micros.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok::<_, AnyError>(micros)
        });
    }
    gather(tasks, started).await
}

/// Waits for every task and puts their times together.
pub async fn gather(
    mut tasks: tokio::task::JoinSet<Result<Vec<u32>, AnyError>>,
    started: Instant,
) -> Result<Seen, AnyError> {
    let mut micros = Vec::new();
    while let Some(done) = tasks.join_next().await {
        micros.extend(done??);
    }
    micros.sort_unstable();
    Ok(Seen { micros, elapsed: started.elapsed() })
}
