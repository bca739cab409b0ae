//! The built site: which of its files are the style sheet, the script and the wasm.
//!
//! A build puts a hash into their names. They are found by the folder alone, so that a binary and a
//! site folder are all there is to deploy; `hash.txt`, which the build leaves beside the binary, says
//! which ones count where several builds lie in one folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How the names begin of the script that fetches the parts of a wasm, and of the list of their files.
const LOADER: &str = "__wasm_split.";
const MANIFEST: &str = "__wasm_split_manifest.";

/// Paths of the built files, as pages name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The style sheet.
    pub css: Arc<str>,
    /// The script that starts the wasm.
    pub js: Arc<str>,
    /// The wasm, or its first part.
    pub wasm: Arc<str>,
    /// The rest of a wasm in parts.
    pub parts: Parts,
}

/// The files of a wasm in parts; empty when it is one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The script that fetches them.
    pub loader: Option<Arc<str>>,
    /// The files that each part needs besides the first one, by the part's name.
    pub files: BTreeMap<String, Vec<Arc<str>>>,
}

impl Parts {
    /// The parts that the build's list `manifest` in `pkg` names; none if it cannot be read.
    fn read(pkg: &Path, loader: &str, manifest: &str) -> Self {
        let listed = std::fs::read(pkg.join(manifest)).ok();
        let listed: Option<BTreeMap<String, Vec<String>>> = listed.and_then(|json| serde_json::from_slice(&json).ok());
        let files = listed.unwrap_or_default().into_iter().map(|(name, files)| {
            // The build tells functions of one name apart by a number: `buying_33795168917045453`.
            let part = name.rsplit_once('_').map_or(&*name, |(part, _)| part).to_owned();
            (part, files.iter().map(|file| path(&format!("{file}.wasm"))).collect())
        });
        Self { loader: Some(path(loader)), files: files.collect() }
    }
}

/// The site cannot be used as it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SiteFault {
    /// A file is missing.
    #[error(
        "{folder} has no {kind} file of the shop: pages would have no style or never wake up; \
         build the site with `make build`, or name its folder with NOREN_SITE"
    )]
    Missing {
        /// Where it was looked for.
        folder: PathBuf,
        /// `css`, `js` or `wasm`.
        kind: &'static str,
    },
    /// Files of several builds, and nothing says which ones belong together.
    #[error(
        "{folder} holds {kind} files of several builds: empty the folder before copying a site into it, \
         or put the build's hash.txt beside the binary"
    )]
    Several {
        /// Where they are.
        folder: PathBuf,
        /// `css`, `js` or `wasm`.
        kind: &'static str,
    },
}

impl Names {
    /// The names in the built site at `root`.
    pub fn find(root: &Path) -> Result<Self, SiteFault> {
        let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned));
        let listed = beside.into_iter().chain([root.to_owned()]).find_map(|dir| Self::listed(root, &dir));
        if let Some(names) = listed {
            return Ok(names);
        }
        let pkg = root.join("pkg");
        let files: Vec<String> = std::fs::read_dir(&pkg)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        let only = |kind: &'static str| {
            let mut of_kind = files.iter().filter(|name| is_built(name, kind));
            match (of_kind.next(), of_kind.next()) {
                (Some(name), None) => Ok(path(name)),
                (None, _) => Err(SiteFault::Missing { folder: pkg.clone(), kind }),
                (Some(_), Some(_)) => Err(SiteFault::Several { folder: pkg.clone(), kind }),
            }
        };
        let (css, js, wasm) = (only("css")?, only("js")?, only("wasm")?);
        let beginning = |start: &str| files.iter().find(|name| name.starts_with(start));
        let parts = match (beginning(LOADER), beginning(MANIFEST)) {
            (Some(loader), Some(manifest)) => Parts::read(&pkg, loader, manifest),
            _ => Parts::default(),
        };
        Ok(Self { css, js, wasm, parts })
    }

    /// The names by the `hash.txt` in `dir`, if there is one and the site has all that it names.
    fn listed(root: &Path, dir: &Path) -> Option<Self> {
        let hashes = std::fs::read_to_string(dir.join("hash.txt")).ok()?;
        let hash = |kind: &str| {
            let (_, hash) =
                hashes.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim() == kind)?;
            Some(hash.trim())
        };
        let named = |kind: &str| {
            let name = format!("noren.{}.{kind}", hash(kind)?);
            root.join("pkg").join(&name).is_file().then(|| path(&name))
        };
        let parts = match (hash("split"), hash("manifest")) {
            (Some(loader), Some(manifest)) => {
                Parts::read(&root.join("pkg"), &format!("{LOADER}{loader}.js"), &format!("{MANIFEST}{manifest}.json"))
            }
            _ => Parts::default(),
        };
        Some(Self { css: named("css")?, js: named("js")?, wasm: named("wasm")?, parts })
    }
}

impl Default for Names {
    /// The names of a build without hashes.
    fn default() -> Self {
        Self { css: path("noren.css"), js: path("noren.js"), wasm: path("noren_bg.wasm"), parts: Parts::default() }
    }
}

fn path(name: &str) -> Arc<str> {
    Arc::from(format!("/pkg/{name}"))
}

/// `noren.css`, `noren.{hash}.css`; for wasm also `noren_bg.wasm`. Not the types (`noren.d.{hash}.ts`)
/// and not the compressed ones beside them (`….css.br`).
fn is_built(name: &str, kind: &str) -> bool {
    let stem = name.strip_suffix(kind).and_then(|rest| rest.strip_suffix('.'));
    stem.is_some_and(|stem| stem == "noren" || stem == "noren_bg" || stem.starts_with("noren."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("pkg")).unwrap();
        for file in files {
            std::fs::write(root.path().join(file), "").unwrap();
        }
        root
    }

    #[test]
    fn a_site_folder_alone_says_the_names_of_its_files() {
        let root = site(&[
            "pkg/noren.c_C.css",
            "pkg/noren.c_C.css.br",
            "pkg/noren.j-J.js",
            "pkg/noren.j-J.js.gz",
            "pkg/noren.w1.wasm",
            "pkg/noren.w1.wasm.br",
            "pkg/noren.d.x.ts",
            "pkg/noren_bg.wasm.d.y.ts",
        ]);
        let names = Names::find(root.path()).unwrap();
        assert_eq!(
            (&*names.css, &*names.js, &*names.wasm),
            ("/pkg/noren.c_C.css", "/pkg/noren.j-J.js", "/pkg/noren.w1.wasm")
        );
        let plain = site(&["pkg/noren.css", "pkg/noren.js", "pkg/noren_bg.wasm"]);
        assert_eq!(Names::find(plain.path()).unwrap(), Names::default());
    }

    #[test]
    fn the_files_of_each_part_are_known_with_the_build_s_list_beside_the_binary_or_without() {
        let root = site(&["pkg/noren.a.css", "pkg/noren.a.js", "pkg/noren.a.wasm", "pkg/__wasm_split.l.js"]);
        let list = root.path().join("pkg/__wasm_split_manifest.m.json");
        std::fs::write(list, r#"{"buying_337":["chunk_5.x","split_buying_337.y"]}"#).unwrap();
        let parts = Parts {
            loader: Some(Arc::from("/pkg/__wasm_split.l.js")),
            files: [("buying".into(), vec!["/pkg/chunk_5.x.wasm".into(), "/pkg/split_buying_337.y.wasm".into()])]
                .into(),
        };
        assert_eq!(Names::find(root.path()).unwrap().parts, parts);
        let list = "js: a\nwasm: a\ncss: a\nmanifest: m\nsplit: l\n";
        std::fs::write(root.path().join("hash.txt"), list).unwrap();
        assert_eq!(Names::find(root.path()).unwrap().parts, parts);
    }

    #[test]
    fn of_several_builds_the_list_names_the_right_one_and_without_it_nobody_guesses() {
        let root = site(&[
            "pkg/noren.a.css",
            "pkg/noren.b.css",
            "pkg/noren.a.js",
            "pkg/noren.b.js",
            "pkg/noren.a.wasm",
            "pkg/noren.b.wasm",
        ]);
        assert!(matches!(Names::find(root.path()), Err(SiteFault::Several { kind: "css", .. })));
        std::fs::write(root.path().join("hash.txt"), "js: b\nwasm: b\ncss: b\n").unwrap();
        assert_eq!(&*Names::find(root.path()).unwrap().wasm, "/pkg/noren.b.wasm");
    }

    #[test]
    fn a_list_of_another_build_counts_for_nothing_and_what_is_missing_is_named() {
        let root = site(&["pkg/noren.a.css", "pkg/noren.a.js", "pkg/noren.a.wasm", "hash.txt"]);
        std::fs::write(root.path().join("hash.txt"), "js: z\nwasm: z\ncss: z\n").unwrap();
        assert_eq!(&*Names::find(root.path()).unwrap().css, "/pkg/noren.a.css");
        std::fs::remove_file(root.path().join("pkg/noren.a.wasm")).unwrap();
        assert!(matches!(Names::find(root.path()), Err(SiteFault::Missing { kind: "wasm", .. })));
        assert!(matches!(Names::find(&root.path().join("nowhere")), Err(SiteFault::Missing { kind: "css", .. })));
    }
}
