//! `noren backup` and `noren restore`: an installation as files to keep, and put back.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use noren_shop::clock::Entropy;
use noren_shop::db::{Dialect, copy_sqlite};
use noren_shop::vault::{self, Asker, Vault};
use noren_vault::backup::{Unfinished, copy, copy_all, restore};

use super::AnyError;
use crate::config::Config;

/// A part of an installation. They are kept in folders of these names: what opens people's data does not belong beside
/// the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The SQLite database.
    Database,
    /// The originals of pictures.
    Media,
    /// The shop's own key.
    Keys,
    /// The vault: its keys, everybody's keys, the ledger.
    Vault,
}

impl Part {
    const ALL: [Self; 4] = [Self::Database, Self::Media, Self::Keys, Self::Vault];

    const fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Media => "media",
            Self::Keys => "keys",
            Self::Vault => "vault",
        }
    }

    /// Where it lies in the data folder, and under which name in the folder of its part.
    fn places(self, data: &Path) -> (PathBuf, &'static str) {
        match self {
            Self::Database => (noren_shop::database_file(data), "noren.sqlite"),
            Self::Media => (data.join("media/source"), "source"),
            Self::Keys => (noren_shop::key_file(data), "shop.key"),
            Self::Vault => (vault::folder(data), ""),
        }
    }
}

/// What to copy, and where to.
#[derive(Args, Debug)]
pub struct Backup {
    /// Where to: each part becomes a folder in it, which must not be there yet
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Only this part; as often as there are such
    #[arg(long = "part", value_enum)]
    parts: Vec<Part>,
}

impl Backup {
    /// Whether nothing but the vault is asked for: that needs no shop.
    pub fn only_vault(&self) -> bool {
        self.parts == [Part::Vault]
    }
}

/// What to put back, and from where.
#[derive(Args, Debug)]
pub struct Restore {
    /// A folder that `noren backup` wrote, or one with some of its folders
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// Only this part; as often as there are such
    #[arg(long = "part", value_enum)]
    parts: Vec<Part>,
}

/// Copies an installation, which may be at work. `dialect`: of its database, if it has one.
pub async fn back_up(config: &Config, vault: &Vault, dialect: Option<Dialect>, asked: &Backup) -> Result<(), AnyError> {
    fs::create_dir_all(&asked.to).map_err(|error| format!("{}: {error}", asked.to.display()))?;
    // The vault last: what is in the database must open with what is in the vault.
    for part in Part::ALL.into_iter().filter(|part| asked.parts.is_empty() || asked.parts.contains(part)) {
        let to = asked.to.join(part.name());
        let words = match part {
            Part::Database if dialect == Some(Dialect::Postgres) => {
                if asked.parts.contains(&part) {
                    return Err(
                        "the database is on PostgreSQL: copy it with pg_dump --format=custom, before the vault".into(),
                    );
                }
                println!("database: on PostgreSQL, not copied; copy it with pg_dump --format=custom, before the vault");
                continue;
            }
            Part::Vault => {
                let folder = vault::folder(&config.data);
                if config.vault_socket.is_some() && !folder.join("keys").is_dir() {
                    println!(
                        "vault: runs apart, not copied; run `noren backup --part vault` as its user, with its NOREN_DATA, after this"
                    );
                    continue;
                }
                vault.snapshot(Asker::operator("backup")).await?;
                let end = copy(&folder, &to)?;
                format!("keys, and {} leaves of {}", end.size, end.origin)
            }
            Part::Database | Part::Media | Part::Keys => {
                let (from, name) = part.places(&config.data);
                if !from.exists() {
                    println!("{}: there is none yet", part.name());
                    continue;
                }
                let unfinished = Unfinished::new(&to)?;
                let copy = unfinished.path().join(name);
                if part == Part::Database {
                    copy_sqlite(&from, &copy).await?;
                    own_file(&copy)?;
                } else {
                    copy_all(&from, &copy)?;
                }
                unfinished.done()?;
                "copied".to_owned()
            }
        };
        println!("{}: {words}", part.name());
    }
    println!("Keep `keys` and `vault` apart from the rest, and as briefly as you dare: docs/OPERATIONS.md");
    Ok(())
}

/// SQLite makes files as the user's mask says.
fn own_file(path: &Path) -> std::io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

/// What is where a part is to be put back.
fn in_the_way(part: Part, data: &Path) -> Option<PathBuf> {
    let (place, _) = part.places(data);
    let empty = |place: &PathBuf| fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_none());
    // What was written to another database and not yet put into it, SQLite would put into this one.
    let beside = ["-wal", "-shm", "-journal"].map(|ending| place.with_extension(format!("sqlite{ending}")));
    let beside = beside.into_iter().filter(|_| part == Part::Database);
    std::iter::once(place).chain(beside).find(|place| place.exists() && !empty(place))
}

/// Puts parts of an installation back where there are none.
pub fn put_back(config: &Config, asked: &Restore) -> Result<(), AnyError> {
    let there = |part: &Part| asked.from.join(part.name()).is_dir();
    if let Some(missing) = asked.parts.iter().find(|part| !there(part)) {
        return Err(format!("{} holds no folder `{}`", asked.from.display(), missing.name()).into());
    }
    let wanted = |part: &Part| there(part) && (asked.parts.is_empty() || asked.parts.contains(part));
    let parts: Vec<Part> = Part::ALL.into_iter().filter(wanted).collect();
    if parts.is_empty() {
        let words = "holds none of the folders database, media, keys, vault; name the folder that `noren backup` wrote";
        return Err(format!("{} {words}", asked.from.display()).into());
    }
    // All are looked at before any is touched.
    for part in &parts {
        if let Some(place) = in_the_way(*part, &config.data) {
            return Err(format!(
                "{} is there already, and is not written over; stop the shop and its vault, and move it aside",
                place.display()
            )
            .into());
        }
    }
    for part in parts {
        let (place, name) = part.places(&config.data);
        let from = asked.from.join(part.name());
        let words = if part == Part::Vault {
            let random = |bytes: &mut [u8]| Entropy::System.fill(bytes);
            let restored = restore(&from, &place, &(Box::new(random) as noren_vault::Random))?;
            format!(
                "{} keys of people; the ledger {} ends at leaf {}, and {} goes on from there",
                restored.subjects, restored.end.origin, restored.end.size, restored.origin
            )
        } else {
            // Beside first: what is half there would be taken for the whole.
            let folder = place.parent().unwrap_or(Path::new("."));
            noren_shop::own_folder(folder)?;
            let unfinished = place.with_extension("unfinished");
            copy_all(&from.join(name), &unfinished)?;
            fs::rename(&unfinished, &place)?;
            "put back".to_owned()
        };
        println!("{}: {words}", part.name());
    }
    println!(
        "Start the shop, and look at what `noren doctor` says. Then exchange the vault's keys with `noren rotate`, and take a \
         new backup: docs/OPERATIONS.md"
    );
    Ok(())
}
