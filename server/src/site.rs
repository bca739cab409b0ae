//! The built site: which of its files are the style sheet, the script and the wasm.
//!
//! A build for use puts a hash into their names. They are found by the folder alone, so that a binary and
//! a site folder are all there is to deploy; `hash.txt`, which the build leaves beside the binary, says
//! which ones count where several builds lie in one folder.
//!
//! The hash in a name does not tell all: the script's is taken before the names of the parts are written
//! into it. So the files are served below a folder named by what they hold, all together: a browser
//! that has kept a script from an earlier build never puts it together with the wasm of this one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

/// How the names begin of the script that fetches the parts of a wasm, and of the list of their files.
const LOADER: &str = "__wasm_split.";
const MANIFEST: &str = "__wasm_split_manifest.";

/// Paths of the built files, as pages name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Where the files are served: `/pkg`, or a folder of this build's own below it.
    pub folder: Arc<str>,
    /// The style sheet.
    pub css: Arc<str>,
    /// The script that starts the wasm.
    pub js: Arc<str>,
    /// The wasm, or its first part.
    pub wasm: Arc<str>,
    /// The script that fetches the other parts of a wasm in parts.
    pub loader: Option<Arc<str>>,
    /// The files that each other part needs, by the part's name.
    pub parts: BTreeMap<String, Vec<Arc<str>>>,
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
        /// What is missing.
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
        /// What there are several of.
        kind: &'static str,
    },
    /// The list of the parts cannot be read.
    #[error("{file} cannot be read ({why}): build the site anew with `make build`")]
    Unreadable {
        /// The list.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl Names {
    /// The names in the built site at `root`.
    pub fn find(root: &Path) -> Result<Self, SiteFault> {
        let beside = std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned));
        let pkg = root.join("pkg");
        let listed = beside.into_iter().chain([root.to_owned()]).find_map(|dir| Files::listed(&pkg, &dir));
        listed.map_or_else(|| Files::only_ones(&pkg), Ok)?.named(&pkg)
    }

    /// Whether what is at a path never changes.
    pub fn immutable(&self) -> bool {
        *self.folder != *PLAIN
    }
}

/// Where files are served whose names do not tell one build from another.
const PLAIN: &str = "/pkg";

impl Default for Names {
    /// The names of a build without hashes.
    fn default() -> Self {
        let path = |name: &str| Arc::from(format!("{PLAIN}/{name}"));
        Self {
            folder: PLAIN.into(),
            css: path("noren.css"),
            js: path("noren.js"),
            wasm: path("noren_bg.wasm"),
            loader: None,
            parts: BTreeMap::new(),
        }
    }
}

/// The files of one build.
struct Files {
    css: String,
    js: String,
    wasm: String,
    /// Script and list of the parts.
    split: Option<(String, String)>,
}

impl Files {
    /// Those that are the only ones of their kind in `pkg`.
    fn only_ones(pkg: &Path) -> Result<Self, SiteFault> {
        let files: Vec<String> = std::fs::read_dir(pkg)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        let only = |kind: &'static str, fits: &dyn Fn(&str) -> bool| {
            let mut of_kind = files.iter().filter(|name| fits(name));
            match (of_kind.next(), of_kind.next()) {
                (Some(_), Some(_)) => Err(SiteFault::Several { folder: pkg.to_owned(), kind }),
                (found, _) => Ok(found.cloned()),
            }
        };
        let needed = |kind: &'static str| {
            only(kind, &|name| is_built(name, kind))?.ok_or(SiteFault::Missing { folder: pkg.to_owned(), kind })
        };
        let loader = only("loader", &|name| is_between(name, LOADER, ".js"))?;
        let manifest = only("manifest", &|name| is_between(name, MANIFEST, ".json"))?;
        Ok(Self { css: needed("css")?, js: needed("js")?, wasm: needed("wasm")?, split: loader.zip(manifest) })
    }

    /// Those that the `hash.txt` in `dir` names, if there is one and all of them are in `pkg`.
    fn listed(pkg: &Path, dir: &Path) -> Option<Self> {
        let hashes = std::fs::read_to_string(dir.join("hash.txt")).ok()?;
        let hash = |kind: &str| {
            let (_, hash) =
                hashes.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim() == kind)?;
            Some(hash.trim())
        };
        let there = |name: String| pkg.join(&name).is_file().then_some(name);
        let named = |kind: &str| there(format!("noren.{}.{kind}", hash(kind)?));
        let split = match (hash("split"), hash("manifest")) {
            (Some(loader), Some(manifest)) => {
                Some((there(format!("{LOADER}{loader}.js"))?, there(format!("{MANIFEST}{manifest}.json"))?))
            }
            _ => None,
        };
        Some(Self { css: named("css")?, js: named("js")?, wasm: named("wasm")?, split })
    }

    fn named(self, pkg: &Path) -> Result<Names, SiteFault> {
        let listed = self.split.as_ref().map(|(_, manifest)| parts(&pkg.join(manifest))).transpose()?;
        let folder = if self.js == "noren.js" { PLAIN.to_owned() } else { format!("{PLAIN}/{}", self.digest(pkg)) };
        let path = |name: &str| Arc::from(format!("{folder}/{name}"));
        let parts = listed.unwrap_or_default().into_iter();
        Ok(Names {
            css: path(&self.css),
            js: path(&self.js),
            wasm: path(&self.wasm),
            loader: self.split.as_ref().map(|(loader, _)| path(loader)),
            parts: parts.map(|(part, files)| (part, files.iter().map(|file| path(file)).collect())).collect(),
            folder: folder.into(),
        })
    }

    /// What the files hold, in 16 hexadecimal digits. The parts count by the list, for their names tell.
    fn digest(&self, pkg: &Path) -> String {
        let split = self.split.iter().flat_map(|(loader, manifest)| [loader, manifest]);
        let mut digest = Sha256::new();
        for name in [&self.css, &self.js, &self.wasm].into_iter().chain(split) {
            digest.update(Sha256::digest(std::fs::read(pkg.join(name)).unwrap_or_default()));
        }
        digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The files of each part by the build's list, which says `"buying_33795168917045453": ["chunk_5.x", …]`:
/// the number tells functions of one name apart.
fn parts(manifest: &Path) -> Result<BTreeMap<String, Vec<String>>, SiteFault> {
    let unreadable = |why: String| SiteFault::Unreadable { file: manifest.to_owned(), why };
    let json = std::fs::read(manifest).map_err(|error| unreadable(error.to_string()))?;
    let listed: BTreeMap<String, Vec<String>> =
        serde_json::from_slice(&json).map_err(|error| unreadable(error.to_string()))?;
    let part = |name: String| name.rsplit_once('_').map_or(name.clone(), |(part, _)| part.to_owned());
    let files = |files: Vec<String>| files.into_iter().map(|file| format!("{file}.wasm")).collect();
    Ok(listed.into_iter().map(|(name, list)| (part(name), files(list))).collect())
}

/// `noren.css`, `noren.{hash}.css`; for wasm also `noren_bg.wasm`. Not the types (`noren.d.{hash}.ts`)
/// and not the compressed ones beside them (`….css.br`).
fn is_built(name: &str, kind: &str) -> bool {
    let stem = name.strip_suffix(kind).and_then(|rest| rest.strip_suffix('.'));
    stem.is_some_and(|stem| stem == "noren" || stem == "noren_bg" || stem.starts_with("noren."))
}

fn is_between(name: &str, start: &str, end: &str) -> bool {
    name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("pkg")).unwrap();
        for (file, text) in files {
            std::fs::write(root.path().join(file), text).unwrap();
        }
        root
    }

    /// Names without the folder, which says what the files hold.
    fn names(root: &Path) -> [String; 3] {
        let names = Names::find(root).unwrap();
        [&names.css, &names.js, &names.wasm]
            .map(|path| path.strip_prefix(&*names.folder).unwrap().trim_start_matches('/').to_owned())
    }

    #[test]
    fn a_site_folder_alone_says_the_names_of_its_files() {
        let root = site(&[
            ("pkg/noren.c_C.css", ""),
            ("pkg/noren.c_C.css.br", ""),
            ("pkg/noren.j-J.js", ""),
            ("pkg/noren.j-J.js.gz", ""),
            ("pkg/noren.w1.wasm", ""),
            ("pkg/noren.w1.wasm.br", ""),
            ("pkg/noren.d.x.ts", ""),
            ("pkg/noren_bg.wasm.d.y.ts", ""),
        ]);
        assert_eq!(names(root.path()), ["noren.c_C.css", "noren.j-J.js", "noren.w1.wasm"]);
        assert!(Names::find(root.path()).unwrap().immutable());
        let plain = site(&[("pkg/noren.css", ""), ("pkg/noren.js", ""), ("pkg/noren_bg.wasm", "")]);
        let plain = Names::find(plain.path()).unwrap();
        assert_eq!(plain, Names::default());
        assert!(!plain.immutable(), "the next build has the same names");
    }

    const IN_PARTS: [(&str, &str); 5] = [
        ("pkg/noren.a.css", ""),
        ("pkg/noren.a.js", "import './__wasm_split.l.js'"),
        ("pkg/noren.a.wasm", ""),
        ("pkg/__wasm_split.l.js", ""),
        ("pkg/__wasm_split_manifest.m.json", r#"{"buying_337":["chunk_5.x","split_buying_337.y"]}"#),
    ];

    #[test]
    fn the_files_of_each_part_are_known_with_the_build_s_list_beside_the_binary_or_without() {
        let root = site(&IN_PARTS);
        let alone = Names::find(root.path()).unwrap();
        let folder = &alone.folder;
        assert_eq!(alone.loader.as_deref(), Some(&*format!("{folder}/__wasm_split.l.js")));
        let files: Vec<&str> = alone.parts["buying"].iter().map(|file| &**file).collect();
        assert_eq!(files, [format!("{folder}/chunk_5.x.wasm"), format!("{folder}/split_buying_337.y.wasm")]);
        let list = "js: a\nwasm: a\ncss: a\nmanifest: m\nsplit: l\n";
        std::fs::write(root.path().join("hash.txt"), list).unwrap();
        assert_eq!(Names::find(root.path()).unwrap(), alone);
    }

    #[test]
    fn two_builds_share_no_path_even_where_their_files_share_names() {
        let one = Names::find(site(&IN_PARTS).path()).unwrap();
        let mut other = IN_PARTS;
        other[1].1 = "import './__wasm_split.k.js'";
        let other = Names::find(site(&other).path()).unwrap();
        assert_ne!(one.js, other.js);
        assert_ne!(one.wasm, other.wasm);
    }

    #[test]
    fn of_several_builds_the_list_names_the_right_one_and_without_it_nobody_guesses() {
        let root = site(&[
            ("pkg/noren.a.css", ""),
            ("pkg/noren.b.css", ""),
            ("pkg/noren.a.js", ""),
            ("pkg/noren.b.js", ""),
            ("pkg/noren.a.wasm", ""),
            ("pkg/noren.b.wasm", ""),
        ]);
        assert!(matches!(Names::find(root.path()), Err(SiteFault::Several { kind: "css", .. })));
        std::fs::write(root.path().join("hash.txt"), "js: b\nwasm: b\ncss: b\n").unwrap();
        assert_eq!(names(root.path())[2], "noren.b.wasm");
        let two = site(&IN_PARTS);
        std::fs::write(two.path().join("pkg/__wasm_split.k.js"), "").unwrap();
        assert!(matches!(Names::find(two.path()), Err(SiteFault::Several { kind: "loader", .. })));
    }

    #[test]
    fn a_list_of_another_build_counts_for_nothing_and_what_is_missing_is_named() {
        let root = site(&IN_PARTS);
        let list = root.path().join("hash.txt");
        for stale in ["js: z\nwasm: z\ncss: z\n", "js: a\nwasm: a\ncss: a\nmanifest: m\nsplit: z\n"] {
            std::fs::write(&list, stale).unwrap();
            assert!(Names::find(root.path()).unwrap().loader.unwrap().ends_with("/__wasm_split.l.js"), "{stale}");
        }
        std::fs::write(root.path().join("pkg/__wasm_split_manifest.m.json"), "{").unwrap();
        assert!(matches!(Names::find(root.path()), Err(SiteFault::Unreadable { .. })));
        std::fs::remove_file(root.path().join("pkg/noren.a.wasm")).unwrap();
        assert!(matches!(Names::find(root.path()), Err(SiteFault::Missing { kind: "wasm", .. })));
        assert!(matches!(Names::find(&root.path().join("nowhere")), Err(SiteFault::Missing { kind: "css", .. })));
    }
}
