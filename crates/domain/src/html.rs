//! Text between tags.

/// Makes `text` safe between tags and inside quoted attributes, in HTML and in XML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_escaped_can_open_a_tag_or_end_an_attribute() {
        assert_eq!(escape("<b title=\"x\">&amp;"), "&lt;b title=&quot;x&quot;&gt;&amp;amp;");
    }
}
