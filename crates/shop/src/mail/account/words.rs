//! What the mails about accounts say. Those about security carry no link to sign in: people who are used to such
//! links follow false ones.

use noren_domain::Lang;
use noren_domain::account::Browser;

use crate::mail::Part;
use crate::mail::letter::time;

/// Subject and body of a mail.
pub(super) struct Words {
    pub subject: String,
    pub parts: Vec<Part>,
}

impl Words {
    pub(super) fn new(subject: &str, parts: Vec<Part>) -> Self {
        Self { subject: subject.to_owned(), parts }
    }
}

/// When and from where something was done.
pub(super) struct About<'a> {
    /// UTC milliseconds.
    pub at: i64,
    pub user_agent: &'a str,
    pub network: &'a str,
}

impl About<'_> {
    pub(super) fn facts(&self, lang: Lang) -> Part {
        let when = (lang.pick("日時", "When").to_owned(), time(self.at, lang));
        // What the shop's own people did came from no browser.
        if self.user_agent.is_empty() && self.network.is_empty() {
            return Part::Facts(vec![when]);
        }
        let network = if self.network.is_empty() { lang.pick("不明", "unknown") } else { self.network };
        Part::Facts(vec![
            when,
            (lang.pick("ブラウザー", "Browser").to_owned(), Browser::of(self.user_agent).words(lang)),
            (lang.pick("接続元", "Network").to_owned(), network.to_owned()),
        ])
    }
}

pub(super) fn text(lang: Lang, ja: &str, en: &str) -> Part {
    Part::Text(lang.pick(ja, en).to_owned())
}

/// Where to look, without a link.
pub(super) fn look_yourself(lang: Lang) -> Part {
    text(
        lang,
        "お心当たりがない場合は、いつものように当店を開き、「アカウントの安全」のページをご確認ください。パスワードの変更や、ほかの端末のログアウトも、そちらからできます。このメールには、ログインのためのリンクはありません。",
        "If this was not you, open our shop as usual and look at the page “Account security”. There you can also set a new password and sign other devices out. This mail holds no link to sign in.",
    )
}

/// Nobody who works here asks for a code.
pub(super) fn tell_nobody(lang: Lang) -> Part {
    text(
        lang,
        "このコードは、ほかの人に教えないでください。当店の者が電話やメールでコードをお尋ねすることは、決してありません。",
        "Please tell this code to nobody. We never ask for it, neither on the phone nor by mail.",
    )
}

pub(super) fn registration_code(lang: Lang, code: &str) -> Words {
    let hello = text(
        lang,
        "このメールアドレスで、暖簾堂へのアカウント登録のお申し込みがありました。\n次の確認コードを、登録の画面に入力してください。コードは10分間有効です。",
        "Somebody asked to open an account at Norendo with this address.\nPlease type this code into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、このメールを破棄してください。コードが入力されないかぎり、登録は完了しません。",
        "If this was not you, you can ignore this mail: no account is opened without the code.",
    );
    Words::new(
        lang.pick("確認コードのお知らせ", "Your confirmation code"),
        vec![hello, Part::Code(code.to_owned()), tell_nobody(lang), caution],
    )
}

pub(super) fn already_registered(lang: Lang) -> Words {
    let body = text(
        lang,
        "このメールアドレスで新しく登録しようとした方がいます。\nこのアドレスはすでに登録されていますので、新しいアカウントは作られていません。\n\nご本人の場合は、いつものように当店を開いてログインしてください。お心当たりがない場合、何もする必要はありません。",
        "Somebody tried to open a new account with this address.\nIt has one already, so no new account was opened.\n\nIf this was you, please open our shop as usual and sign in. If it was not, there is nothing you need to do.",
    );
    Words::new(lang.pick("すでにご登録があります", "You already have an account"), vec![body])
}

/// After the right password, in a browser that its owner is not known by.
pub(super) fn second_step_code(lang: Lang, code: &str, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "これまでに使われたことのない端末から、正しいパスワードでログインの操作がありました。ご本人であれば、次の確認コードをログインの画面に入力してください。コードは10分間有効です。",
        "Somebody entered your password on a device that you have not used before. If it was you, please type this code into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、お客様のパスワードが他人に知られている可能性があります。このコードがなければログインはできませんが、いつものように当店を開き、「アカウントの安全」のページでパスワードを変更してください。",
        "If it was not you, somebody else may know your password. Without this code they cannot get in, but please open our shop as usual and set a new password on the page “Account security”.",
    );
    Words::new(
        lang.pick("ログインの確認コード", "Your sign-in code"),
        vec![hello, Part::Code(code.to_owned()), about.facts(lang), tell_nobody(lang), caution],
    )
}

/// Instead of a password.
pub(super) fn sign_in_code(lang: Lang, code: &str, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "ログインの確認コードをお送りします。ログインの画面に入力してください。コードは10分間有効です。",
        "Here is the code to sign in with. Please type it into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合、何もする必要はありません。このコードがなければ、ログインはできません。",
        "If you did not ask for it, there is nothing you need to do: nobody gets in without the code.",
    );
    Words::new(
        lang.pick("ログインの確認コード", "Your sign-in code"),
        vec![hello, Part::Code(code.to_owned()), about.facts(lang), tell_nobody(lang), caution],
    )
}

pub(super) fn reset_code(lang: Lang, code: &str, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "パスワードを設定しなおすための確認コードをお送りします。新しいパスワードの画面に入力してください。コードは10分間有効です。",
        "Here is the code to set a new password with. Please type it into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合、何もする必要はありません。パスワードは変わっていません。",
        "If you did not ask for it, there is nothing you need to do: your password has not changed.",
    );
    Words::new(
        lang.pick("パスワード再設定の確認コード", "Your code for a new password"),
        vec![hello, Part::Code(code.to_owned()), about.facts(lang), tell_nobody(lang), caution],
    )
}

/// To bring orders of a guest into the account.
pub(super) fn claim_code(lang: Lang, code: &str, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "ゲストのご注文をアカウントに加えるための確認コードをお送りします。お手続きの画面に入力してください。コードは10分間有効です。",
        "Here is the code to add orders that you made as a guest to your account. Please type it into the page that asked for it. It is good for 10 minutes.",
    );
    let caution = text(
        lang,
        "お心当たりがない場合は、お客様のアカウントに他人がログインしている可能性があります。いつものように当店を開き、「アカウントの安全」のページをご確認ください。",
        "If you did not ask for it, somebody else may be signed in to your account. Please open our shop as usual and look at the page “Account security”.",
    );
    Words::new(
        lang.pick("ご注文を加えるための確認コード", "Your code to add orders"),
        vec![hello, Part::Code(code.to_owned()), about.facts(lang), tell_nobody(lang), caution],
    )
}

/// To an address that nobody has an account with. It says no more than that, and holds no code.
pub(super) fn no_account(lang: Lang, reset: bool) -> Words {
    let what = if reset {
        lang.pick("パスワードを再設定する操作", "set a new password")
    } else {
        lang.pick("ログインの操作", "sign in")
    };
    let body = lang.pick(
        format!(
            "当店で、このメールアドレスを使って{what}がありましたが、このアドレスで登録されたアカウントはありません。\n別のメールアドレスでご登録されていないか、ご確認ください。新しくご登録いただくこともできます。\n\nお心当たりがない場合は、どなたかがアドレスを打ちまちがえたものと思われます。何もする必要はありません。"
        ),
        format!(
            "Somebody tried to {what} at our shop with this address, but there is no account with it.\nPlease check whether you registered with another address. You are also welcome to open an account.\n\nIf this was not you, somebody probably mistyped their own address. There is nothing you need to do."
        ),
    );
    Words::new(
        lang.pick("このアドレスのご登録はありません", "There is no account with this address"),
        vec![Part::Text(body)],
    )
}

pub(super) fn new_device(lang: Lang, about: &About<'_>) -> Words {
    let hello = text(
        lang,
        "これまでに使われたことのない端末から、お客様のアカウントにログインがありました。ご本人であれば、何もする必要はありません。",
        "Your account was signed in to on a device that had not been used before. If this was you, there is nothing you need to do.",
    );
    Words::new(
        lang.pick("新しい端末からのログイン", "New sign-in to your account"),
        vec![hello, about.facts(lang), look_yourself(lang)],
    )
}
