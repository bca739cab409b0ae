//! What the mails say about something that happened to an account, and what to do if it was not its owner's doing.

use noren_domain::Lang;
use noren_domain::account::AccountEvent;

use super::words::{About, Words, look_yourself, text};
use crate::mail::Part;
use crate::mail::letter::time;

/// The mail about `event`; `due` is when that comes which was asked for (UTC ms), where something does.
pub(super) fn event(lang: Lang, event: AccountEvent, about: &About<'_>, due: Option<i64>) -> Words {
    let (subject, said) = said(event, lang);
    let body = match (event, due) {
        (AccountEvent::FactorsRemovalAsked, Some(due)) => format!("{said}{}", removal(lang, due)),
        // These say themselves what to do, or were nobody's own doing.
        (
            AccountEvent::ManyFailedTries
            | AccountEvent::ManyFailedProofs
            | AccountEvent::ManyWrongCodes
            | AccountEvent::ManyWrongSecondCodes
            | AccountEvent::NotMe
            | AccountEvent::PasskeyDoubted
            | AccountEvent::FactorsRemovalAsked
            | AccountEvent::FactorsRemoved
            | AccountEvent::EmailReverted
            | AccountEvent::EmailChangeStopped
            | AccountEvent::EmailChangeFailed
            | AccountEvent::SessionsEndedByShop,
            _,
        ) => said.to_owned(),
        _ => lang.pick(
            format!("{said}ご本人であれば、何もする必要はありません。"),
            format!("{said} If this was you, there is nothing you need to do."),
        ),
    };
    Words::new(subject, vec![Part::Text(body), about.facts(lang), remedy(event, lang)])
}

/// What to do. After some events the reader is signed out everywhere, or their password is good no more: they cannot
/// simply look at their account.
fn remedy(event: AccountEvent, lang: Lang) -> Part {
    match event {
        AccountEvent::PasswordChanged => text(
            lang,
            "お心当たりがない場合は、いつものように当店を開き、「パスワードをお忘れの方」から、すぐに新しいパスワードを設定してください。そのあと「アカウントの安全」のページをご確認ください。このメールには、ログインのためのリンクはありません。",
            "If this was not you, open our shop as usual and set a new password at once with “Forgot your password?”. Then look at the page “Account security”. This mail holds no link to sign in.",
        ),
        AccountEvent::PasswordReset => text(
            lang,
            "お心当たりがない場合は、このメールボックスをほかの人が見ているおそれがあります。まずメールのパスワードを変更し、そのあと、いつものように当店を開き、「パスワードをお忘れの方」から、すぐに新しいパスワードを設定してください。最後に「アカウントの安全」のページをご確認ください。このメールには、ログインのためのリンクはありません。",
            "If this was not you, somebody else may be reading this mailbox: change its password first. Then open our shop as usual and set a new password at once with “Forgot your password?”. After that, look at the page “Account security”. This mail holds no link to sign in.",
        ),
        AccountEvent::SessionsEndedByShop => text(
            lang,
            "これは当店が行ったものです。ログインのあと、「アカウントの安全」のページで、最近のログインにお心当たりのないものがないかご確認ください。このメールには、ログインのためのリンクはありません。",
            "It was our shop that did this. After you have signed in, please check on the page “Account security” that you know all of the latest sign-ins. This mail holds no link to sign in.",
        ),
        AccountEvent::NotMe => text(
            lang,
            "このご報告にお心当たりがない場合も、同じようにしてください。このメールには、ログインのためのリンクはありません。",
            "If you made no such report, please do the same. This mail holds no link to sign in.",
        ),
        AccountEvent::FactorsRemovalAsked | AccountEvent::EmailReverted | AccountEvent::EmailChangeStopped => {
            text(lang, "このメールには、ログインのためのリンクはありません。", "This mail holds no link to sign in.")
        }
        _ => look_yourself(lang),
    }
}

/// When the second factors go, and how they stay.
fn removal(lang: Lang, due: i64) -> String {
    let when = time(due, lang);
    lang.pick(
        format!("{when}以降に、お客様のアカウントの認証アプリ、復旧コード、パスキーを解除します。それまでに認証アプリかパスキーでログインされたときは、解除は取りやめになります。\n\nお心当たりがない場合は、それまでに、いつものように当店にログインし、「アカウントの安全」のページで取り消してください（ご本人の確認をお願いすることがあります）。そのあと、パスワードも変更してください。"),
        format!(" We will remove them, and your passkeys, from your account on {when} or soon after. If you sign in with your app or a passkey before that, they stay.\n\nIf it was not you who asked, sign in to our shop as usual before that and stop it on the page “Account security”, where we may ask you to confirm that it is you. After that, set a new password too."),
    )
}

/// What the mail about it is called, and says.
pub(super) fn said(event: AccountEvent, lang: Lang) -> (&'static str, &'static str) {
    let ((subject_ja, ja), (subject_en, en)) = match event {
        AccountEvent::PasswordChanged => (
            (
                "パスワードが変更されました",
                "お客様のアカウントのパスワードが変更されました。ほかの端末は、すべてログアウトしました。",
            ),
            (
                "Your password was changed",
                "The password of your account was changed. All other devices were signed out.",
            ),
        ),
        AccountEvent::PasswordReset => (
            (
                "パスワードが再設定されました",
                "メールの確認コードを使って、お客様のアカウントのパスワードが再設定されました。それまでにログインしていた端末は、すべてログアウトしました。この3日のうちに設定された認証アプリ、パスキー、復旧コードがあれば、取り除きました。",
            ),
            (
                "Your password was set anew",
                "A new password was set for your account with a code from a mail. All devices that were signed in before were signed out. An authenticator app, passkeys and recovery codes that were set up in the last three days, if there were any, were removed.",
            ),
        ),
        AccountEvent::SessionsEnded => (
            (
                "ほかの端末をログアウトしました",
                "お客様のアカウントにログインしていたほかの端末（お選びの1台、またはすべて）が、ログアウトされました。いまログイン中の端末は「アカウントの安全」のページでご確認いただけます。",
            ),
            (
                "Your other devices were signed out",
                "Other devices that were signed in to your account were signed out: the one that was chosen, or all. The page “Account security” shows which are still signed in.",
            ),
        ),
        AccountEvent::SessionsEndedByShop => (
            (
                "すべての端末をログアウトしました",
                "安全のため、当店で、お客様のアカウントにログインしていたすべての端末をログアウトしました。お手数ですが、いつものように当店を開き、もう一度ログインしてください。",
            ),
            (
                "All your devices were signed out",
                "To keep your account safe, our shop has signed out all devices that were signed in to it. Please open our shop as usual and sign in again.",
            ),
        ),
        AccountEvent::TotpOn => (
            ("二段階認証が設定されました", "お客様のアカウントに、認証アプリによる二段階認証が設定されました。"),
            ("Two-step sign-in is on", "Codes of an authenticator app are now asked for when you sign in."),
        ),
        AccountEvent::TotpOff => (
            (
                "認証アプリによる二段階認証が解除されました",
                "お客様のアカウントの、認証アプリによる二段階認証が解除されました。",
            ),
            (
                "Two-step sign-in with your authenticator app is off",
                "Codes of an authenticator app are not asked for any more when you sign in.",
            ),
        ),
        AccountEvent::RecoveryCodesMade => (
            (
                "新しい復旧コードが作られました",
                "お客様のアカウントの復旧コードが新しく作られました。以前のコードは使えなくなりました。",
            ),
            (
                "New recovery codes were made",
                "New recovery codes were made for your account. Those of before can no longer be used.",
            ),
        ),
        AccountEvent::RecoveryCodeUsed => (
            ("復旧コードが使われました", "お客様のアカウントの復旧コードが1つ使われました。"),
            ("A recovery code was used", "One of the recovery codes of your account was used."),
        ),
        AccountEvent::PasskeyAdded => (
            ("パスキーが追加されました", "お客様のアカウントに、新しいパスキーが追加されました。"),
            ("A passkey was added", "A passkey was added to your account."),
        ),
        AccountEvent::PasskeyRemoved => (
            ("パスキーが削除されました", "お客様のアカウントから、パスキーが1つ削除されました。"),
            ("A passkey was removed", "A passkey was removed from your account."),
        ),
        AccountEvent::PasskeyDoubted => (
            (
                "複製されたおそれのあるパスキーを拒否しました",
                "お客様のパスキーでのログインがありましたが、パスキーの使用回数が以前の記録より少なかったため、拒否しました。パスキーが複製されたおそれがあります。「アカウントの安全」のページで、そのパスキーを削除し、新しく追加することをおすすめします。",
            ),
            (
                "We refused a passkey that may have been copied",
                "Somebody used a passkey of your account that had been used more often before, so we refused it: there may be a copy of it. Please remove that passkey on the page “Account security” and add a new one.",
            ),
        ),
        AccountEvent::ManyFailedTries => (
            (
                "ログインの失敗が続いています",
                "お客様のアカウントへのログインの失敗が、短い間に続きました。いずれの試みも成功していません。念のため、しばらくパスワードでのログインを止めました。お使いになったことのある端末や、メールの確認コードでは、ログインしていただけます。",
            ),
            (
                "Many failed sign-ins",
                "There were many failed tries to sign in to your account within a short time. None of them succeeded. To be safe, we have stopped taking passwords for a while. On a device that you have used before, or with a code by mail, you can still sign in.",
            ),
        ),
        AccountEvent::ManyFailedProofs => (
            (
                "ログイン中の端末で、パスワードの間違いが続いています",
                "お客様のアカウントにログイン中の端末で、ご本人の確認のためにお尋ねしたパスワードや復旧コードが、短い間に何度も間違って入力されました。いずれも受け付けていません。念のため、この確認をしばらくお受けしていません。\n\nご本人でない場合、ログインしたままの端末やブラウザーを、だれかが使っているおそれがあります。いつものように当店を開き、「アカウントの安全」のページで、ほかの端末をすべてログアウトし、パスワードを変更してください。",
            ),
            (
                "Many wrong passwords on a device that is signed in",
                "Somebody who is signed in to your account entered a wrong password or recovery code many times, where we ask for it once more to be sure that it is you. None of them was accepted, and to be safe we take no more for a while.\n\nIf it was not you, somebody else may be using a device or a browser in which you are signed in: open our shop as usual, sign all other devices out on the page “Account security”, and choose another password.",
            ),
        ),
        AccountEvent::ManyWrongCodes => (
            (
                "確認コードの間違いが続いています",
                "お客様のアカウントの確認コードが、短い間に何度も間違って入力されました。いずれの試みも成功していません。念のため、コードの入力をしばらくお受けしていません。メールでお送りするコードは、どなたにもお教えにならないでください。お教えにならないかぎり、コードでアカウントが開かれることはありません。",
            ),
            (
                "Many wrong codes",
                "Wrong codes for your account were typed in many times within a short time. None of them was accepted, and to be safe we take no more for a while. Please tell nobody the codes that we mail you: as long as you do not, nobody comes in with them.",
            ),
        ),
        AccountEvent::ManyWrongSecondCodes => (
            (
                "正しいパスワードのあと、コードの間違いが続いています",
                "お客様のアカウントで、正しいパスワード（またはメールの確認コード）が入力されたあと、次にお尋ねしたコードが何度も間違って入力されました。いずれの試みも成功していません。念のため、コードの入力をしばらくお受けしていません。\n\nご本人でない場合、だれかがお客様のパスワードを知っているか、メールを見ているおそれがあります。いつものように当店を開き、すぐにパスワードを変更してください。同じパスワードをほかでもお使いでしたら、そちらも変更してください。",
            ),
            (
                "Many wrong codes after the right password",
                "Somebody gave the right password of your account (or a code from your mailbox), and then typed in wrong codes many times. None of them was accepted, and to be safe we take no more for a while.\n\nIf it was not you, somebody knows your password or reads your mail: open our shop as usual and change your password at once. If you use the same password elsewhere, change it there too.",
            ),
        ),
        AccountEvent::FactorsRemovalAsked => (
            ("二段階認証の解除のお申し出がありました", "認証アプリと復旧コードをなくされたとのお申し出がありました。"),
            (
                "Your two-step sign-in is to be removed",
                "We were told that you have lost your authenticator app and your recovery codes.",
            ),
        ),
        AccountEvent::FactorsRemoved => (
            (
                "お申し出により、二段階認証とパスキーを解除しました",
                "お申し出のとおり、お客様のアカウントの認証アプリ、復旧コード、パスキーを解除し、すべての端末をログアウトしました。次のログインには、パスワードと、メールでお送りする確認コードが必要です。ログインのあと、二段階認証をもう一度設定されることをおすすめします。",
            ),
            (
                "As asked, your two-step sign-in and passkeys were removed",
                "As we were asked, we have removed the authenticator app, the recovery codes and the passkeys of your account, and signed all devices out. To sign in you need your password and a code that we send you by mail. We advise you to set two-step sign-in up again after that.",
            ),
        ),
        AccountEvent::FactorsKept => (
            (
                "二段階認証の解除を取りやめました",
                "お客様のアカウントの二段階認証の解除は、取りやめになりました。認証アプリ、復旧コード、パスキーは、これまでどおりお使いいただけます。",
            ),
            (
                "Your two-step sign-in stays",
                "The removal of the two-step sign-in of your account was stopped. Your authenticator app, recovery codes and passkeys work as before.",
            ),
        ),
        AccountEvent::EmailChangeAsked => (
            (
                "メールアドレス変更の手続きがありました",
                "お客様のアカウントのメールアドレスを変更する手続きがありました。",
            ),
            (
                "A change of your e-mail address was asked for",
                "Somebody asked to change the e-mail address of your account.",
            ),
        ),
        AccountEvent::EmailChanged => (
            ("メールアドレスが変更されました", "お客様のアカウントのメールアドレスが変更されました。"),
            ("Your e-mail address was changed", "The e-mail address of your account was changed."),
        ),
        AccountEvent::EmailReverted => (
            (
                "メールアドレスを元に戻しました",
                "お客様のアカウントのメールアドレスの変更を取り消し、元のアドレスに戻しました。すべての端末をログアウトし、それまでのパスワードは使えなくしました。変更のお手続きの3日前以降に設定された認証アプリ、パスキー、復旧コードがあれば、ご本人が以前のものと置き換えたものを除き、取り除きました。いつものように当店を開き、「パスワードをお忘れの方」から、新しいパスワードを設定してください。",
            ),
            (
                "Your e-mail address is the earlier one again",
                "The change of the e-mail address of your account was undone. All devices were signed out, and the password of before can no longer be used. An authenticator app, passkeys and recovery codes that were set up in the three days before the change was asked for, or since, were removed, if there were any, unless you had put them in the place of older ones. Please open our shop as usual and set a new password by “Forgot your password?”.",
            ),
        ),
        AccountEvent::EmailChangeStopped => (
            (
                "メールアドレスの変更を止めました",
                "お客様のアカウントで手続き中だったメールアドレスの変更を、このアドレスにお送りしたメールのページから止めました。メールアドレスは変わりません。すべての端末をログアウトし、それまでのパスワードは使えなくしました。変更のお手続きの3日前以降に設定された認証アプリ、パスキー、復旧コードがあれば、ご本人が以前のものと置き換えたものを除き、取り除きました。いつものように当店を開き、「パスワードをお忘れの方」から、新しいパスワードを設定してください。",
            ),
            (
                "The change of your e-mail address was stopped",
                "The change of the e-mail address of your account that was under way was stopped by the page in our mail to this address. The address stays as it is. All devices were signed out, and the password of before can no longer be used. An authenticator app, passkeys and recovery codes that were set up in the three days before the change was asked for, or since, were removed, if there were any, unless you had put them in the place of older ones. Please open our shop as usual and set a new password by “Forgot your password?”.",
            ),
        ),
        // Not why: whether somebody else has an address is nobody's business.
        AccountEvent::EmailChangeFailed => (
            (
                "メールアドレスを変更できませんでした",
                "お知らせしていたメールアドレスの変更は、完了できませんでした。お客様のアカウントのメールアドレスは、これまでのままです。変更をご希望の場合は、お手数ですが、別のアドレスで、はじめからお手続きください。",
            ),
            (
                "Your e-mail address could not be changed",
                "The change of the e-mail address of your account that we had told you of could not be completed. Your address is still the one of before. If you would like to change it, please begin anew with another address.",
            ),
        ),
        AccountEvent::MailLangChanged => (
            (
                "メールの言語が変更されました",
                "お客様のアカウントについて当店がお送りするメールの言語が変更されました。これからのメールは、英語でお送りします。言語は「当店からお送りしたメール」のページで、いつでもお選びいただけます。",
            ),
            (
                "The language of your mails was changed",
                "The language of our mails about your account was changed. From now on they come in Japanese. You can choose the language at any time on the page “Mails we sent you”.",
            ),
        ),
        AccountEvent::PhraseChanged => (
            (
                "合言葉が新しくなりました",
                "お客様のアカウントの合言葉が、別のものになりました。前の合言葉が入るのは、このメールが最後です。これから当店がお送りするメールには、新しい合言葉が入ります。新しい合言葉は、「アカウントの安全」のページでご確認ください。",
            ),
            (
                "Your check phrase is another one now",
                "Your account has another check phrase. This mail is the last one with the phrase of before; from now on our mails carry the new one. You see it on the page “Account security”.",
            ),
        ),
        AccountEvent::ExportAsked => (
            (
                "お預かりしている情報の控えの作成が申し込まれました",
                "お客様についてお預かりしている情報の控えを書き出す手続きがありました。",
            ),
            ("A copy of your data was asked for", "Somebody asked for a copy of the data we hold about you."),
        ),
        AccountEvent::OrdersClaimed => (
            (
                "ゲストのご注文を履歴に加えました",
                "お客様のメールアドレスでゲストとしてなさったご注文が、アカウントのご注文の履歴に加えられました。",
            ),
            (
                "Orders were added to your account",
                "Orders that were made as a guest with your e-mail address were added to your account.",
            ),
        ),
        AccountEvent::NotMe => (
            (
                "心当たりのないログインのご報告を受け付けました",
                "「心当たりがない」とご報告いただいたログインを記録し、ほかの端末をすべてログアウトしました。パスワードが知られているおそれがあります。まだの場合は、「アカウントの安全」のページで、すぐにパスワードを変更してください。",
            ),
            (
                "We have your report of a sign-in that was not yours",
                "We have written down the sign-in that you reported as not yours, and signed all other devices out. Somebody may know your password: if you have not done so yet, change it at once on the page “Account security”.",
            ),
        ),
        // Told by a mail about the whole day instead (`trust::staff_read`).
        AccountEvent::StaffRead => (
            ("当店の従業員がお客様の情報を開きました", "当店の従業員が、業務のためにお客様の情報を開きました。"),
            ("Our staff opened your data", "Our staff opened your data as part of their work."),
        ),
    };
    (lang.pick(subject_ja, subject_en), lang.pick(ja, en))
}
