//! What a person typed, or what was opened for them, says nothing of itself when it is printed.

/// Implements `Debug` as the bare name: `ContactForm(…)`. Such types need one all the same, for tests compare them and
/// a server function derives it for all that it takes; by this one nothing can slip into a log.
#[macro_export]
macro_rules! masked {
    ($($name:ident),+ $(,)?) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use crate::account::{
        AccountView, Ceremony, CheckPhrase, DeviceView, EmailBackForm, EmailCodeForm, EmailForm, EmailView, EraseForm,
        ExportLink, ExportSection, HappenedView, LoginForm, MailCodeForm, PasskeyName, PasskeyView, PasswordForm,
        ProveForm, QrView, ReadProof, RecoveryView, RegisterForm, ResetForm, SavedAddress, SecurityView, SignInView,
        StepCode, TotpForm, TotpSetup, TotpView, VerifyForm,
    };
    use crate::address::AddressForm;
    use crate::checkout::{ContactForm, DeliveryChoice, DeliveryForm};
    use crate::mail::MailLine;
    use crate::order::{OrderAddress, OrderView};
    use crate::prefecture::Prefecture;
    use crate::shipping::Method;

    /// Stands for what is personal or secret.
    const MARKER: &str = "himitsu-no-hanako";

    fn assert_silent(value: &impl Debug) {
        let printed = format!("{value:?} {value:#?}");
        assert!(!printed.contains("himitsu") && !printed.contains("271828"), "it prints what it holds: {printed}");
    }

    /// Every text that `json` says is `#` becomes the marker.
    fn read<T: DeserializeOwned + Debug>(json: &Value) -> T {
        let marked = json.to_string().replace("\"#\"", &format!("\"{MARKER}\""));
        let value = serde_json::from_str(&marked).unwrap();
        assert_silent(&value);
        value
    }

    #[test]
    fn no_form_prints_what_was_typed_into_it() {
        let door = json!({"email": "#", "password": "#", "code": "#", "next": "#"});
        read::<RegisterForm>(&door);
        read::<LoginForm>(&door);
        read::<VerifyForm>(&door);
        read::<MailCodeForm>(&door);
        read::<ResetForm>(&door);
        read::<PasswordForm>(&door);
        read::<ProveForm>(&door);
        read::<TotpForm>(&door);
        read::<EmailCodeForm>(&door);
        let email = json!({"email": "#", "old_unsafe": "#", "recovery": "#"});
        read::<EmailForm>(&email);
        read::<EmailBackForm>(&email);
        let pending = json!({"address": "#", "step": "new_code", "due_at": 271_828});
        read::<EmailView>(&json!({"address": "#", "verified_at": 271_828, "pending": pending, "back": null}));
        read::<EraseForm>(&json!({"typed": "#"}));
        read::<ExportLink>(&json!({"token": "#", "asked_at": 0, "until": 0}));
        read::<ExportSection>(&json!({"title": "#", "note": "#", "entries": [[["#", "#"]]]}));
        read::<ContactForm>(&json!({
            "email": "#", "name": "#", "kana": "#", "postal_code": "#", "prefecture": "#", "city": "#", "street": "#",
            "building": "#", "phone": "#",
        }));
        read::<AddressForm>(&json!({
            "name": "#", "kana": "#", "postal_code": "#", "prefecture": "#", "city": "#", "street": "#",
            "building": "#", "phone": "#",
        }));
        read::<DeliveryForm>(&json!({"method": "#", "date": "#", "slot": "#", "gift_wrap": "#", "gift_message": "#"}));
    }

    #[test]
    fn what_is_read_from_a_form_prints_no_more_than_the_form() {
        let (email, password) = ("himitsu@example.jp".to_owned(), "271828 ways up the hill".to_owned());
        let next = String::new();
        let register = RegisterForm { email: email.clone(), password: password.clone(), next: next.clone() };
        assert_silent(&register.parse().unwrap());
        let login = LoginForm { email: email.clone(), password: password.clone(), next: next.clone() };
        assert_silent(&login.parse().unwrap());
        assert_silent(&MailCodeForm { email: email.clone(), next: next.clone() }.parse().unwrap());
        assert_silent(&VerifyForm { code: "27182818".to_owned(), next: next.clone() }.parse().unwrap());
        assert_silent(&ResetForm { code: "27182818".to_owned(), password: password.clone() }.parse().unwrap());
        assert_silent(&PasswordForm { password: password.clone() }.parse().unwrap());
        assert_silent(&ProveForm { password, code: "271828".to_owned(), next }.parse().unwrap());
        assert_silent(&StepCode::parse("271828").unwrap());
        assert_silent(&StepCode::parse("27182818").unwrap());
        assert_silent(&PasskeyName::parse(MARKER).unwrap());
        let contact = ContactForm {
            email,
            name: MARKER.to_owned(),
            kana: String::new(),
            postal_code: "271-8280".to_owned(),
            prefecture: "13".to_owned(),
            city: MARKER.to_owned(),
            street: MARKER.to_owned(),
            building: MARKER.to_owned(),
            phone: "09027182818".to_owned(),
        };
        assert_silent(&contact.parse().unwrap());
        assert_silent(&contact.address().parse().unwrap());
        assert_silent(&DeliveryChoice {
            method: Method::Parcel,
            date: None,
            slot: None,
            gift_wrap: true,
            gift_message: Some(MARKER.to_owned()),
        });
    }

    #[test]
    fn no_page_about_a_person_prints_what_it_shows() {
        let id = uuid::Uuid::nil();
        let browser = json!({"name": "Firefox", "system": "Linux"});
        let device = json!({"id": id, "browser": browser, "network": "#", "since": 0, "seen": 0, "current": true});
        let sign_in = json!({"id": id, "at": 0, "outcome": "ok", "browser": browser, "network": "#", "answer": null});
        let happened = json!({"at": 0, "what": "#", "browser": browser, "network": "#"});
        let recovery = json!({"standing": {"left": 0, "made_at": null}, "fresh": ["#"]});
        let proof = json!({"tag": "#", "key": "#", "proof": "#"});
        read::<AccountView>(&json!({"email": "#", "name": "#", "since": 0, "attention": 0}));
        read::<SecurityView>(&json!({
            "attention": [], "notices": [], "password_changed_at": 0, "phrases": [["ja", "#"]], "devices": [device],
            "sign_ins": [sign_in], "happened": [happened], "factors": {"totp": null, "recovery": recovery["standing"]},
            "reads": {"Shown": {"key": "key", "proofs": [proof]}},
        }));
        read::<ReadProof>(&proof);
        read::<SavedAddress>(&json!({"id": id, "address": {"name": "#", "phone": "#"}, "default": true}));
        read::<DeviceView>(&device);
        read::<SignInView>(&sign_in);
        read::<HappenedView>(&happened);
        read::<RecoveryView>(&recovery);
        let setup = json!({"uri": "#", "secret": "#", "qr": {"size": 1, "path": "#"}});
        read::<QrView>(&setup["qr"]);
        assert_silent(&TotpView::Begun(read::<TotpSetup>(&setup)));
        read::<PasskeyView>(&json!({"id": "#", "name": "#", "added": 0, "used": null, "synced": false}));
        read::<Ceremony>(&json!({"id": id, "options": "#"}));
        read::<MailLine>(&json!({"no": "M-ABCD-2345", "at": 0, "subject": "#", "state": "#", "failed": false}));
        assert_eq!(format!("{:?}", CheckPhrase::of([1, 2, 3])), "CheckPhrase(…)");
    }

    #[test]
    fn no_order_prints_to_whom_it_goes_nor_what_opens_it() {
        let text = || MARKER.to_owned();
        let address = OrderAddress {
            name: text(),
            postal_code: text(),
            prefecture: Prefecture::try_from(13).unwrap(),
            city: text(),
            street: text(),
            building: text(),
            phone: text(),
            email: text(),
            gift_message: text(),
        };
        assert_silent(&address);
        read::<OrderView>(&json!({
            "no": "#", "token": "#", "state": "placed", "payment": "paid", "shipment": "open", "method": "card",
            "placed_at": null, "pay_until": null, "lines": [], "goods": 0, "shipping": 0, "payment_fee": 0, "total": 0,
            "taxes": [], "delivery_method": "parcel", "delivery_date": null, "delivery_slot": null, "gift_wrap": false,
            "address": address, "timeline": [],
        }));
    }
}
