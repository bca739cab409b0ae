//! An installation of its own: a data folder, a working directory and, on PostgreSQL, a database.

use std::path::{Path, PathBuf};
use std::process::Command;

use noren_shop::clock::{Clock, Entropy};
use noren_shop::db::Db;
use noren_shop::keys::Keys;
use noren_shop::vault::{self, Vault};
use noren_shop::{Parts, Shop};
use tempfile::TempDir;

/// The repository, where the sample goods lie.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The articles of [`Installation::stock`].
pub const SKUS: [&str; 4] = ["A1", "A2", "A3", "A4"];
/// Units of each of them.
const UNITS: usize = 1_000;

/// Columns that a product needs, in the order of [`row`].
pub const HEAD: &str = "sku,product,category,name_ja,name_en,text_ja,tax,option1_name_ja,option1_name_en,option1_ja,option1_en,price,stock";

/// A product in one variant that has no options.
pub fn row(sku: &str, price: &str, stock: &str) -> String {
    format!("{sku},{},cloth,品 {sku},Thing {sku},よい品です。,standard,,,,,{price},{stock}\n", sku.to_lowercase())
}

/// Where a shop runs in these tests. Its folder and its database go when it is dropped.
pub struct Installation {
    desk: TempDir,
    database: Option<Database>,
}

/// A database of its own on the PostgreSQL server of `NOREN_TEST_DATABASE_URL`.
struct Database {
    /// Any database of the server, from which to make and drop ours.
    server: String,
    name: String,
}

/// What a command that has ended said.
#[derive(Debug)]
pub struct Said {
    /// Its exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Installation {
    /// One that keeps everything in its data folder.
    pub fn on_sqlite() -> Self {
        Self { desk: tempfile::tempdir().unwrap(), database: None }
    }

    /// One on PostgreSQL.
    pub fn on_postgres() -> Self {
        Self { desk: tempfile::tempdir().unwrap(), database: Some(Database::make()) }
    }

    /// Its working directory.
    pub fn desk(&self) -> &Path {
        self.desk.path()
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.desk().join("data")
    }

    /// Where its database is, unless it is in the data folder.
    pub fn database_url(&self) -> Option<String> {
        self.database.as_ref().map(Database::url)
    }

    /// Puts a file onto the desk.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.desk().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// `noren`, to be run here. Nothing of how these tests were started decides what it does.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_noren"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("NOREN_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).arg("--data").arg(self.data()).current_dir(self.desk()).env("NO_COLOR", "1");
        if let Some(url) = self.database_url() {
            command.env("NOREN_DATABASE_URL", url);
        }
        command
    }

    /// Runs `noren` to its end.
    pub fn run(&self, arguments: &[&str]) -> Said {
        said(&mut self.command(arguments))
    }

    /// Fills the shelves with [`SKUS`].
    pub fn stock(&self) {
        let rows: String = SKUS.iter().map(|sku| row(sku, "1320", &UNITS.to_string())).collect();
        self.file("goods.csv", format!("{HEAD}\n{rows}"));
        self.file("categories.csv", "slug,parent,name_ja,name_en\ncloth,,布,Cloth\n");
        let said = self.run(&["import", "--categories", "categories.csv", "--products", "goods.csv"]);
        assert_eq!(said.code, Some(0), "{said:?}");
    }

    /// The shop looked at from outside, beside whatever runs.
    pub async fn shop(&self) -> Shop {
        let data = self.data();
        let db = match self.database_url() {
            Some(url) => Db::postgres(&url).await.unwrap(),
            None => Db::sqlite(&data.join("noren.sqlite")).await.unwrap(),
        };
        let keys = Keys::open_or_create(&noren_shop::key_file(&data), &Entropy::System).unwrap();
        let url = "http://127.0.0.1".to_owned();
        let vault = Vault::at(&vault::socket(&data), Entropy::System);
        Shop::new(Parts {
            db,
            keys,
            vault,
            clock: Clock::System,
            entropy: Entropy::System,
            data,
            url,
            development: true,
        })
    }
}

/// Runs `command` to its end.
pub fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A runtime for looking at databases.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

impl Database {
    fn make() -> Self {
        let server = std::env::var("NOREN_TEST_DATABASE_URL")
            .expect("NOREN_TEST_DATABASE_URL names a PostgreSQL server for tests; `make test` starts one");
        let name = format!("noren_test_{:032x}", u128::from_ne_bytes(Entropy::System.bytes()));
        let database = Self { server, name };
        database.tell("CREATE DATABASE", "").unwrap();
        database
    }

    fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').expect("the URL names a database");
        format!("{server}/{}", self.name)
    }

    /// Says `words` about this database to the server.
    fn tell(&self, words: &str, more: &str) -> Result<(), sqlx::Error> {
        runtime().block_on(async {
            let Db::Postgres(admin) = Db::postgres(&self.server).await? else { unreachable!("a PostgreSQL URL") };
            let sql = format!("{words} {} {more}", self.name);
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&admin).await.map(drop)
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.tell("DROP DATABASE", "WITH (FORCE)").is_err() {
            eprintln!("a test database is left behind");
        }
    }
}
