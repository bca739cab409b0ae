//! `noren backup` and `noren restore`: an installation as files to keep, and put back.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use noren_shop::clock::Entropy;
use noren_shop::db::copy_sqlite;
use noren_shop::vault::{self, Asker, Vault};
use noren_vault::backup::{Unfinished, copy, copy_all, restore, same, sync_all};
use noren_vault::durable;

use super::{AnyError, say};
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
    /// The vault last: what is in the copy of the database must open with what is in the copy of the vault.
    const ALL: [Self; 4] = [Self::Database, Self::Media, Self::Keys, Self::Vault];

    const fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Media => "media",
            Self::Keys => "keys",
            Self::Vault => "vault",
        }
    }

    /// Whether it opens what is in the others.
    const fn is_key(self) -> bool {
        matches!(self, Self::Keys | Self::Vault)
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
    /// Where `database` and `media` go: each becomes a folder in it, which must not be there yet
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Where `keys` and `vault` go: to another place, for together with the database they are everything
    #[arg(long, value_name = "FOLDER")]
    keys_to: Option<PathBuf>,
}

impl Backup {
    /// Whether it is only about what is no key.
    pub fn needs_no_vault(&self) -> bool {
        self.keys_to.is_none()
    }

    fn folder(&self, part: Part) -> Option<&Path> {
        if part.is_key() { self.keys_to.as_deref() } else { self.to.as_deref() }
    }
}

/// What to put back, and from where.
#[derive(Args, Debug)]
pub struct Restore {
    /// A folder that `noren backup` wrote; as often as there are such
    #[arg(long, value_name = "FOLDER", required = true)]
    from: Vec<PathBuf>,
    /// Only this part; as often as there are such
    #[arg(long = "part", value_enum)]
    parts: Vec<Part>,
}

const ONE_FOLDER: &str =
    "--to and --keys-to are one folder: whoever gets hold of that backup has everything; name two places";

/// Copies what is there of an installation, which may be at work; makes and changes nothing in it.
pub async fn back_up(config: &Config, vault: &Vault, asked: &Backup) -> Result<(), AnyError> {
    if asked.to.is_none() && asked.keys_to.is_none() {
        return Err(
            "say where to: --to for the database and the media, --keys-to, another place, for the keys and the vault"
                .into(),
        );
    }
    let named = |folder: &Option<PathBuf>| folder.as_ref().and_then(|folder| std::path::absolute(folder).ok());
    if asked.to.is_some() && named(&asked.to) == named(&asked.keys_to) {
        return Err(ONE_FOLDER.into());
    }
    for folder in [&asked.to, &asked.keys_to].into_iter().flatten() {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    // Two names may lead to one place.
    let whole = |folder: &Option<PathBuf>| folder.as_ref().and_then(|folder| fs::canonicalize(folder).ok());
    if asked.to.is_some() && whole(&asked.to) == whole(&asked.keys_to) {
        return Err(ONE_FOLDER.into());
    }
    for part in Part::ALL {
        let Some(folder) = asked.folder(part) else { continue };
        let words = one(config, vault, part, &folder.join(part.name())).await?;
        say::line(format_args!("{}: {words}", part.name()))?;
    }
    match (&asked.to, &asked.keys_to) {
        (Some(_), None) => {
            say::line("The keys and the vault were not copied: without them nobody's data open. Use --keys-to.")?;
        }
        (_, Some(_)) => {
            say::line("Keep what is in --keys-to apart from the rest, and as briefly as you dare: docs/OPERATIONS.md")?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// Copies one part to the folder `to`; says what became of it.
async fn one(config: &Config, vault: &Vault, part: Part, to: &Path) -> Result<String, AnyError> {
    const DUMP: &str = "on PostgreSQL, not copied; copy it with pg_dump --format=custom, before the vault";
    let (from, name) = part.places(&config.data);
    if part == Part::Vault {
        if config.vault_socket.is_some() && !from.join("keys").is_dir() {
            return Ok("runs apart, not copied; as its user, with its NOREN_DATA, run `noren backup --keys-to FOLDER` after this".to_owned());
        }
        // Looked at first: a copy of the keys that nobody takes along should not be made.
        drop(Unfinished::new(to)?);
        vault.snapshot(Asker::operator("backup")).await?;
        let end = copy(&from, to)?;
        return Ok(format!("keys, and {} leaves of {}", end.size, end.origin));
    }
    if part == Part::Database && config.database_url.is_some() {
        return Ok(DUMP.to_owned());
    }
    if !from.exists() {
        let apart = part == Part::Keys && config.vault_socket.is_some();
        if apart || part == Part::Media {
            return Ok("there are none here".to_owned());
        }
        return Err(format!("{} is not there; say with NOREN_DATA where the shop's data are", from.display()).into());
    }
    let unfinished = Unfinished::new(to)?;
    let copied = unfinished.path().join(name);
    if part == Part::Database {
        copy_sqlite(&from, &copied).await?;
        // SQLite makes files as the user's mask says.
        fs::set_permissions(&copied, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    } else {
        copy_all(&from, &copied)?;
    }
    unfinished.done()?;
    Ok("copied".to_owned())
}

/// What is where a part is to be put back.
fn in_the_way(part: Part, data: &Path) -> Vec<PathBuf> {
    let (place, _) = part.places(data);
    let empty = |place: &PathBuf| fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_none());
    // What was written to another database and not yet put into it, SQLite would put into this one.
    let beside = ["-wal", "-shm", "-journal"].map(|ending| place.with_extension(format!("sqlite{ending}")));
    let beside = beside.into_iter().filter(|_| part == Part::Database);
    std::iter::once(place).chain(beside).filter(|place| place.exists() && !empty(place)).collect()
}

/// Puts parts of an installation back where there are none: all are made ready and looked at first.
pub fn put_back(config: &Config, asked: &Restore) -> Result<(), AnyError> {
    let holding = |part: Part| asked.from.iter().map(|from| from.join(part.name())).find(|folder| folder.is_dir());
    if let Some(missing) = asked.parts.iter().find(|part| holding(**part).is_none()) {
        return Err(format!("none of the folders holds one that is called `{}`", missing.name()).into());
    }
    let wanted = |part: &Part| asked.parts.is_empty() || asked.parts.contains(part);
    let found = Part::ALL.into_iter().filter(wanted).filter_map(|part| Some((part, holding(part)?)));
    let parts: Vec<(Part, PathBuf)> = found.collect();
    if parts.is_empty() {
        return Err("none of the folders database, media, keys, vault is there; name what `noren backup` wrote".into());
    }
    let mut missing = Vec::new();
    for (part, from) in &parts {
        let (place, name) = part.places(&config.data);
        match in_the_way(*part, &config.data).as_slice() {
            [] => missing.push((*part, from)),
            // What a restore that was cut off has put there is not put there again; the vault came last, and as another.
            [found] if *found == place && *part != Part::Vault && same(&from.join(name), found)? => {
                say::line(format_args!("{}: is there already, as it is in the backup", part.name()))?;
            }
            [place, ..] if *part == Part::Vault => {
                return Err(format!(
                    "{} is there already, and is not what is in the backup: if it was restored from this backup it may have \
                     gone on since, for its ledger grows with every start and every read, and then it is the one to keep. It \
                     is not written over, and nothing was changed; to put the backup in its place all the same, stop the shop \
                     and its vault, and move it aside",
                    place.display()
                )
                .into());
            }
            [place, ..] => {
                return Err(format!(
                    "{} is there already, and is not what is in the backup: it is not written over, and nothing was \
                     changed; stop the shop and its vault, and move it aside",
                    place.display()
                )
                .into());
            }
        }
    }
    noren_shop::own_folder(&config.data)?;
    let random: noren_vault::Random = Box::new(|bytes| Entropy::System.fill(bytes));
    let vault_folder = vault::folder(&config.data);
    let places: Vec<_> = missing.iter().map(|(part, _)| part.places(&config.data)).collect();
    let mut vault = None;
    let mut ready = Vec::new();
    for ((part, from), (place, name)) in missing.iter().zip(&places) {
        if *part == Part::Vault {
            vault = Some(restore(from, &vault_folder, &random)?);
            continue;
        }
        noren_shop::own_folder(place.parent().unwrap_or(Path::new(".")))?;
        let unfinished = Unfinished::of(place)?;
        copy_all(&from.join(name), unfinished.path())?;
        sync_all(unfinished.path())?;
        ready.push((*part, unfinished));
    }
    for (part, unfinished) in ready {
        unfinished.done()?;
        say::line(format_args!("{}: put back", part.name()))?;
    }
    if let Some((restored, unfinished)) = vault {
        unfinished.done()?;
        say::line(format_args!(
            "vault: {} keys of people; the ledger {} ends at leaf {}, and {} goes on from there",
            restored.subjects, restored.end.origin, restored.end.size, restored.origin
        ))?;
    }
    // The new names in the data folder, and the folder's own.
    durable::sync(&config.data)?;
    durable::sync_parent(&config.data)?;
    say::line(
        "Start the shop, and look at what `noren doctor` says. Then exchange the keys that were in the backup (`noren rotate \
         wrapping`, `noren rotate index`), and take a new one: docs/OPERATIONS.md. If people came after the vault's backup, \
         `rotate index` names them and ends with 1: their data are lost, and it is to be run once more with --finish",
    )?;
    Ok(())
}
