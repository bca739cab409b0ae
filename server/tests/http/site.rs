//! A page names the files of the built site as they lie in its folder.

use noren_server::config::Flags;

use crate::fixture::TestApp;

#[tokio::test]
async fn a_site_folder_without_anything_beside_the_binary_gives_style_and_wakes_the_page() {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir(site.path().join("pkg")).unwrap();
    for file in ["noren.c1.css", "noren.j1.js", "noren.w1.wasm"] {
        std::fs::write(site.path().join("pkg").join(file), file).unwrap();
    }
    let app =
        TestApp::start_with(Flags { site: Some(site.path().to_string_lossy().into_owned()), ..Flags::default() }).await;
    let mut browser = app.browser();
    let page = browser.get("/help").await;
    let sheet = page.between("rel=\"stylesheet\" href=\"", "\"").unwrap().to_owned();
    assert_eq!(browser.get(&sheet).await.body, "noren.c1.css");
    let folder = sheet.strip_suffix("/noren.c1.css").unwrap();
    for file in ["noren.j1.js", "noren.w1.wasm"] {
        assert!(page.body.contains(&format!("href=\"{folder}/{file}\"")), "{file} is loaded ahead");
        let answer = browser.get(&format!("{folder}/{file}")).await;
        assert_eq!(answer.body, file);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    }
    assert_eq!(browser.get("/pkg/0123456789abcdef/noren.j1.js").await.status, 404, "another build's");
    let script = page.between("<script type=\"module\"", "</script>").unwrap();
    assert!(script.contains(&format!("import(\"{folder}/noren.j1.js\")")), "{script}");
    assert!(script.contains(&format!("\"{folder}/noren.w1.wasm\"")), "{script}");
    // Pages that a layer writes have the same style.
    let refused = browser.get("/media/none").await;
    assert!(refused.body.contains(&sheet), "{}", refused.body);
}

#[tokio::test]
async fn a_page_loads_the_part_of_the_wasm_ahead_that_it_lies_in_and_no_other() {
    let site = tempfile::tempdir().unwrap();
    std::fs::create_dir(site.path().join("pkg")).unwrap();
    let list = r#"{"browsing_1":["browsing"],"buying_2":["buying"],"account_3":["account"],"reading_4":["reading"]}"#;
    for (file, text) in [
        ("noren.c.css", ""),
        ("noren.j.js", ""),
        ("noren.w.wasm", ""),
        ("__wasm_split.l.js", ""),
        ("__wasm_split_manifest.m.json", list),
    ] {
        std::fs::write(site.path().join("pkg").join(file), text).unwrap();
    }
    let app =
        TestApp::start_with(Flags { site: Some(site.path().to_string_lossy().into_owned()), ..Flags::default() }).await;
    for (path, part) in [
        ("/", "browsing"),
        ("/en", "browsing"),
        ("/c/tenugui", "browsing"),
        ("/en/search?q=cup", "browsing"),
        ("/cart", "buying"),
        ("/register", "account"),
        ("/verify", "account"),
        ("/en/login", "account"),
        ("/mails/check", "account"),
        ("/en/newsletter/left", "account"),
        ("/orders/none", "reading"),
        ("/security", "reading"),
        ("/security/notices/N-2026-0001", "reading"),
        ("/help", "reading"),
        ("/en/legal/terms", "reading"),
        ("/p/tenugui-seigaiha", ""),
        ("/no-such-page", ""),
    ] {
        let page = app.browser().get(path).await.body;
        assert!(page.contains("/__wasm_split.l.js\""), "{path}");
        for other in ["browsing", "buying", "account", "reading"] {
            assert_eq!(page.contains(&format!("/{other}.wasm\"")), other == part, "{path}: {other}");
        }
    }
}
