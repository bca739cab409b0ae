//! Passwords, sessions, and tries to come in.

use super::{News, Then};

pub(super) const PASSWORD_CHANGED: News = News {
    subject: ("パスワードが変更されました", "Your password was changed"),
    said: (
        "お客様のアカウントのパスワードが変更されました。ほかの端末は、すべてログアウトしました。",
        "The password of your account was changed. All other devices were signed out.",
    ),
    then: Then::Harmless,
    remedy: Some((
        "お心当たりがない場合は、いつものように当店を開き、「パスワードをお忘れの方」から、すぐに新しいパスワードを設定してください。そのあと「アカウントの安全」のページをご確認ください。このメールには、ログインのためのリンクはありません。",
        "If this was not you, open our shop as usual and set a new password at once with “Forgot your password?”. Then look at the page “Account security”. This mail holds no link to sign in.",
    )),
};

pub(super) const PASSWORD_RESET: News = News {
    subject: ("パスワードが再設定されました", "Your password was set anew"),
    said: (
        "メールの確認コードを使って、お客様のアカウントのパスワードが再設定されました。それまでにログインしていた端末は、すべてログアウトしました。この3日のうちに設定された認証アプリ、パスキー、復旧コードがあれば、取り除きました。",
        "A new password was set for your account with a code from a mail. All devices that were signed in before were signed out. An authenticator app, passkeys and recovery codes that were set up in the last three days, if there were any, were removed.",
    ),
    then: Then::Harmless,
    remedy: Some((
        "お心当たりがない場合は、このメールボックスをほかの人が見ているおそれがあります。まずメールのパスワードを変更し、そのあと、いつものように当店を開き、「パスワードをお忘れの方」から、すぐに新しいパスワードを設定してください。最後に「アカウントの安全」のページをご確認ください。このメールには、ログインのためのリンクはありません。",
        "If this was not you, somebody else may be reading this mailbox: change its password first. Then open our shop as usual and set a new password at once with “Forgot your password?”. After that, look at the page “Account security”. This mail holds no link to sign in.",
    )),
};

pub(super) const SESSIONS_ENDED: News = News {
    subject: ("ほかの端末をログアウトしました", "Your other devices were signed out"),
    said: (
        "お客様のアカウントにログインしていたほかの端末（お選びの1台、またはすべて）が、ログアウトされました。いまログイン中の端末は「アカウントの安全」のページでご確認いただけます。",
        "Other devices that were signed in to your account were signed out: the one that was chosen, or all. The page “Account security” shows which are still signed in.",
    ),
    then: Then::Harmless,
    remedy: None,
};

pub(super) const SESSIONS_ENDED_BY_SHOP: News = News {
    subject: ("すべての端末をログアウトしました", "All your devices were signed out"),
    said: (
        "安全のため、当店で、お客様のアカウントにログインしていたすべての端末をログアウトしました。お手数ですが、いつものように当店を開き、もう一度ログインしてください。",
        "To keep your account safe, our shop has signed out all devices that were signed in to it. Please open our shop as usual and sign in again.",
    ),
    then: Then::Nothing,
    remedy: Some((
        "これは当店が行ったものです。ログインのあと、「アカウントの安全」のページで、最近のログインにお心当たりのないものがないかご確認ください。このメールには、ログインのためのリンクはありません。",
        "It was our shop that did this. After you have signed in, please check on the page “Account security” that you know all of the latest sign-ins. This mail holds no link to sign in.",
    )),
};

pub(super) const MANY_FAILED_TRIES: News = News {
    subject: ("ログインの失敗が続いています", "Many failed sign-ins"),
    said: (
        "お客様のアカウントへのログインの失敗が、短い間に続きました。いずれの試みも成功していません。念のため、失敗の続いた場所や端末から（とても多い場合は、ご本人と確認済みの端末を除くすべての場所から）、しばらくパスワードでのログインを止めました。そのあいだも、メールの確認コードやパスキーではログインしていただけます。失敗の続いた端末でなければ、これまでお使いの端末でも、パスワードでログインしていただけます。",
        "There were many failed tries to sign in to your account within a short time. None of them succeeded. To be safe, we take no passwords for a while from the place or the device that they came from, or, if there were very many, from anywhere but devices that we know you by. With a code by mail or a passkey you can still sign in, and with your password on any other device that you have used before.",
    ),
    then: Then::Nothing,
    remedy: None,
};

pub(super) const MANY_FAILED_PROOFS: News = News {
    subject: (
        "ログイン中の端末で、パスワードの間違いが続いています",
        "Many wrong passwords on a device that is signed in",
    ),
    said: (
        "お客様のアカウントにログイン中の端末で、ご本人の確認のためにお尋ねしたパスワードや復旧コードが、短い間に何度も間違って入力されました。いずれも受け付けていません。念のため、この確認をしばらくお受けしていません。\n\nご本人でない場合、ログインしたままの端末やブラウザーを、だれかが使っているおそれがあります。いつものように当店を開き、「アカウントの安全」のページで、ほかの端末をすべてログアウトし、パスワードを変更してください。",
        "Somebody who is signed in to your account entered a wrong password or recovery code many times, where we ask for it once more to be sure that it is you. None of them was accepted, and to be safe we take no more for a while.\n\nIf it was not you, somebody else may be using a device or a browser in which you are signed in: open our shop as usual, sign all other devices out on the page “Account security”, and choose another password.",
    ),
    then: Then::Nothing,
    remedy: None,
};

pub(super) const MANY_WRONG_CODES: News = News {
    subject: ("確認コードの間違いが続いています", "Many wrong codes"),
    said: (
        "お客様のアカウントの確認コードが、短い間に何度も間違って入力されました。いずれの試みも成功していません。念のため、間違いの続いた場所や端末から（とても多い場合は、ご本人と確認済みの端末を除くすべての場所から）、コードの入力をしばらくお受けしていません。メールでお送りするコードは、どなたにもお教えにならないでください。お教えにならないかぎり、コードでアカウントが開かれることはありません。",
        "Wrong codes for your account were typed in many times within a short time. None of them was accepted. To be safe, we take no codes for a while from the place or the device that they came from, or, if there were very many, from anywhere but devices that we know you by. Please tell nobody the codes that we mail you: as long as you do not, nobody comes in with them.",
    ),
    then: Then::Nothing,
    remedy: None,
};

pub(super) const MANY_WRONG_SECOND_CODES: News = News {
    subject: ("正しいパスワードのあと、コードの間違いが続いています", "Many wrong codes after the right password"),
    said: (
        "お客様のアカウントで、正しいパスワード（またはメールの確認コード）が入力されたあと、次にお尋ねしたコードが何度も間違って入力されました。いずれの試みも成功していません。念のため、コードの入力をしばらくお受けしていません。\n\nご本人でない場合、だれかがお客様のパスワードを知っているか、メールを見ているおそれがあります。いつものように当店を開き、すぐにパスワードを変更してください。同じパスワードをほかでもお使いでしたら、そちらも変更してください。",
        "Somebody gave the right password of your account (or a code from your mailbox), and then typed in wrong codes many times. None of them was accepted, and to be safe we take no more for a while.\n\nIf it was not you, somebody knows your password or reads your mail: open our shop as usual and change your password at once. If you use the same password elsewhere, change it there too.",
    ),
    then: Then::Nothing,
    remedy: None,
};

pub(super) const NOT_ME: News = News {
    subject: ("心当たりのないログインのご報告を受け付けました", "We have your report of a sign-in that was not yours"),
    said: (
        "「心当たりがない」とご報告いただいたログインを記録し、ほかの端末をすべてログアウトしました。パスワードが知られているおそれがあります。まだの場合は、「アカウントの安全」のページで、すぐにパスワードを変更してください。",
        "We have written down the sign-in that you reported as not yours, and signed all other devices out. Somebody may know your password: if you have not done so yet, change it at once on the page “Account security”.",
    ),
    then: Then::Nothing,
    remedy: Some((
        "このご報告にお心当たりがない場合も、同じようにしてください。このメールには、ログインのためのリンクはありません。",
        "If you made no such report, please do the same. This mail holds no link to sign in.",
    )),
};
