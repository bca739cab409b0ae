use super::*;

fn nothing(_: &str) -> Option<String> {
    None
}

#[test]
fn the_defaults_run_a_shop_in_development() {
    let config = gather(&Flags::default(), nothing, None).unwrap();
    assert_eq!(config.url, "http://localhost:3000");
    assert!(config.development && config.sample && config.database_url.is_none());
}

#[test]
fn a_shop_at_home_is_opened_by_name_where_the_name_leads_to_it() {
    for (addr, url) in [
        ("127.0.0.1:80", "http://localhost:80"),
        ("[::1]:3000", "http://localhost:3000"),
        ("[::ffff:127.0.0.1]:3000", "http://localhost:3000"),
        ("0.0.0.0:3000", "http://localhost:3000"),
        ("127.8.8.8:3000", "http://127.8.8.8:3000"),
        ("10.0.0.7:3000", "http://10.0.0.7:3000"),
    ] {
        assert_eq!(at_home(&addr.parse().unwrap()), url);
    }
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let file = Some("addr = \"127.0.0.1:1\"\nurl = \"http://file.localhost\"\nsample = false");
    let variable = |name: &str| (name == "NOREN_ADDR").then(|| "127.0.0.1:2".to_owned());
    let config = gather(&Flags::default(), variable, file).unwrap();
    assert_eq!((config.addr.port(), config.url.as_str(), config.sample), (2, "http://file.localhost", false));
    let flags = Flags { addr: Some("127.0.0.1:3".into()), ..Flags::default() };
    assert_eq!(gather(&flags, variable, file).unwrap().addr.port(), 3);
}

#[test]
fn an_empty_variable_hides_nothing() {
    let file = Some("env = \"production\"\nurl = \"https://shop.example\"");
    let config = gather(&Flags::default(), |_| Some(String::new()), file).unwrap();
    assert!(!config.development && !config.sample);
    assert_eq!(config.url, "https://shop.example");
}

#[test]
fn a_file_that_cannot_be_read_is_a_fault_and_not_a_missing_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("noren.toml");
    assert_eq!(read_file(&path), Ok(None));
    std::fs::write(&path, b"env = \"production\" # caf\xe9").unwrap();
    assert_eq!(read_file(&path).unwrap_err().0.len(), 1);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(read_file(&path).is_err());
}

#[test]
fn a_shop_that_others_can_reach_opens_in_no_mode_that_nobody_chose() {
    let with = |url: Option<&str>, addr: Option<&str>, env: Option<&str>| {
        let [url, addr, env] = [url, addr, env].map(|said| said.map(str::to_owned));
        gather(&Flags { addr, url, env, ..Flags::default() }, nothing, None)
    };
    let public = Some("https://shop.example");
    let plain = Some("http://shop.example");
    for (url, addr) in [
        (public, None),
        (plain, None),
        (Some("http://localhost.example:3000/"), None),
        (None, Some("0.0.0.0:3000")),
        (None, Some("[::]:80")),
        (None, Some("10.0.0.7:80")),
    ] {
        let faults = with(url, addr, None).unwrap_err().0;
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].contains("write env = \"production\" (or \"development\""), "{faults:?}");
        assert!(with(url, addr, Some("development")).unwrap().development);
    }
    assert!(!with(public, None, Some("production")).unwrap().development);
    for addr in ["127.0.0.1:80", "127.8.8.8:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
        assert!(with(None, Some(addr), None).unwrap().development, "{addr}");
    }
    for url in
        ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:80/", "http://shop.localhost", "http://localhost."]
    {
        assert!(with(Some(url), None, None).unwrap().development, "{url}");
    }
}

#[test]
fn a_file_that_is_no_toml_is_refused_by_its_line_and_without_its_words() {
    let file = Some("url = \"http://localhost\"\n\ndatabase_url = postgres://shop:secret@db/shop\n");
    let faults = gather(&Flags::default(), nothing, file).unwrap_err().0;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].starts_with("noren.toml line 3: ") && !faults[0].contains("secret"), "{faults:?}");
}

#[test]
fn a_misspelt_variable_is_noticed() {
    let set = ["NOREN_ADDR", "NOREN_DATABSE_URL", "NOREN_LOG", "HOME", "NOREN_", "NOREN_addr"];
    let unknown = unknown_variables(set.iter().map(|name| (*name).to_owned()));
    assert_eq!(unknown, ["NOREN_", "NOREN_DATABSE_URL", "NOREN_addr"]);
}

#[test]
fn a_url_that_no_link_can_begin_with_is_a_fault() {
    let with = |url: &str| Flags { url: Some(url.into()), env: Some("production".into()), ..Flags::default() };
    for url in [
        "https://",
        "https://shop.example/a b",
        "https://shop.example/\"<x",
        "ftp://shop.example",
        "shop.example",
        "http://localhost:80@shop.example",
    ] {
        let faults = gather(&with(url), nothing, None).unwrap_err().0;
        assert!(faults[0].contains("is no address of a shop"), "{url}: {faults:?}");
    }
    let fine = gather(&with("https://shop.example:8443/shop/"), nothing, None).unwrap();
    assert_eq!(fine.url, "https://shop.example:8443/shop");
}

#[test]
fn witnesses_are_named_in_a_list_or_in_one_line() {
    let key = "w.example/w+4bd9b1b4+BA==";
    let faults = gather(&Flags::default(), nothing, Some(&format!("witnesses = [\"{key} http://w\", 7]")));
    assert_eq!(faults.unwrap_err().0, ["noren.toml: witnesses must be a list of texts in quotes"]);
    let signer = noren_ledger::note::SignerKey::new("w", noren_ledger::note::KeyKind::Witness, &[3; 32]).unwrap();
    let said = format!("{} http://w.example", signer.verifier());
    for file in [format!("witnesses = \"{said}\""), format!("witnesses = [\"{said}\"]")] {
        let config = gather(&Flags::default(), nothing, Some(&file)).unwrap();
        assert_eq!(config.witnesses.to_string(), said);
    }
    let faults = gather(&Flags { witnesses: Some(format!("{key} http://w")), ..Flags::default() }, nothing, None);
    assert!(faults.unwrap_err().0[0].contains("`noren witness` prints it"));
}

#[test]
fn nobody_outside_is_asked_about_passwords_unless_the_operator_says_so() {
    assert!(!gather(&Flags::default(), nothing, None).unwrap().pwned_passwords);
    let variable = |name: &str| (name == "NOREN_PWNED_PASSWORDS").then(|| "1".to_owned());
    assert!(gather(&Flags::default(), variable, None).unwrap().pwned_passwords);
    assert!(gather(&Flags::default(), nothing, Some("pwned_passwords = true")).unwrap().pwned_passwords);
    let faults = gather(&Flags { pwned_passwords: Some("perhaps".into()), ..Flags::default() }, nothing, None);
    assert_eq!(faults.unwrap_err().0, ["pwned_passwords = \"perhaps\" is unknown; write on or off"]);
}

#[test]
fn every_fault_is_named_at_once() {
    let file = Some(
        "colour = \"red\"\naddr = \"nowhere\"\nsample = \"perhaps\"\nenv = \"production\"\ndatabase_url = \"mysql://x\"\n\
         trusted_proxies = \"proxy.internal\"",
    );
    let faults = gather(&Flags::default(), nothing, file).unwrap_err().0;
    assert_eq!(faults.len(), 6, "{faults:?}");
}
