//! The ledger of an installation as an auditor sees it: exported, verified and read.

use std::fs;
use std::process::Command;

use noren_ledger::leaf::{Act, Deed, Kind, Leaf, Outcome, Purpose};
use noren_ledger::tile::{bundle_path, bundles_added, unbundle};

use crate::installation::{Installation, said};

/// The keys that the ledger is verified with, as the doctor of a running shop says them.
pub fn ledger_keys(installation: &Installation) -> Vec<String> {
    let said = installation.run(&["doctor"]);
    let keys = said.out.split_once("verified with the key ").and_then(|(_, rest)| rest.lines().next());
    keys.unwrap_or_else(|| panic!("{said:?}")).split(" and ").map(str::to_owned).collect()
}

/// The deeds in the ledger of an installation whose vault has stopped, exported and verified by the binary; and
/// what it said.
pub fn verified(installation: &Installation, keys: &[String]) -> (Vec<Deed>, String) {
    let folder = installation.desk().join("export");
    let to = folder.display().to_string();
    let exported = installation.run(&["ledger", "export", "--to", &to]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let verified = said(
        Command::new(env!("CARGO_BIN_EXE_noren"))
            .args(["ledger", "verify", "--dir", &to])
            .args(keys.iter().flat_map(|key| ["--key", key]))
            .current_dir(installation.desk()),
    );
    assert!(verified.code == Some(0) && verified.out.contains("every one is right"), "{verified:?}");
    let size = exported.out.split_whitespace().next().unwrap().parse().unwrap();
    let mut deeds = Vec::new();
    for (index, width) in bundles_added(0, size) {
        let bytes = fs::read(folder.join(bundle_path(index, width))).unwrap();
        for leaf in unbundle(&bytes, width).unwrap() {
            if let Act::Deed(deed) = Leaf::decode(leaf).unwrap().act {
                deeds.push(deed);
            }
        }
    }
    (deeds, verified.out)
}

/// How many reads were granted for a purpose.
pub fn granted(deeds: &[Deed], purpose: Purpose) -> u64 {
    let of =
        |deed: &&Deed| deed.kind == Kind::Open && deed.purpose == Some(purpose) && deed.outcome == Outcome::Granted;
    deeds.iter().filter(of).count() as u64
}
