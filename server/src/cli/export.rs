//! `noren export`: whether a copy of somebody's data is as the shop gave it out. It needs no shop, only the key.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use noren_shop::account::export::{PublicKey, key_of, verify};
use noren_shop::clock::Entropy;
use noren_shop::key_file;
use noren_shop::keys::Keys;

use super::{AnyError, say};

/// What to do about copies of people's data.
#[derive(Args, Debug)]
pub struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Says whether the shop has signed a copy, and whether it was changed since
    Verify {
        /// The file as it was downloaded
        file: PathBuf,
        /// The shop's key (PEM), as it stands at `/export-key.pem`; without it, that of the shop in the data folder
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// Prints the key (PEM) that copies of this shop are verified with
    Key,
}

/// Does it; `data` is the data folder.
pub fn run(export: &Export, data: Option<&str>) -> Result<(), AnyError> {
    let data = Path::new(data.unwrap_or("data"));
    match &export.what {
        What::Key => say::text(own_key(data)?.pem())?,
        What::Verify { file, key } => {
            let key = match key {
                Some(path) => PublicKey::from_pem(&read(path)?)
                    .ok_or_else(|| format!("{} is no Ed25519 key in PEM", path.display()))?,
                None => own_key(data)?,
            };
            let text = read(file)?;
            let signed = verify(&text, &key).map_err(|error| format!("{}: {error}", file.display()))?;
            say::line(format_args!(
                "genuine: the {} bytes of data in {} are as the shop has signed them",
                signed.len(),
                file.display()
            ))?;
        }
    }
    Ok(())
}

fn own_key(data: &Path) -> Result<PublicKey, AnyError> {
    let path = key_file(data);
    let keys = Keys::open_existing(&path, &Entropy::System)?.ok_or_else(|| {
        format!("{} is not there; name the key with --key, or the data folder with --data", path.display())
    })?;
    Ok(key_of(&keys)?)
}

fn read(path: &Path) -> Result<String, AnyError> {
    fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()).into())
}
