//! Comments that speak to Lyo.

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_text_size::Ranged;

use crate::ir::{Directive, DirectiveKind};

/// `# lyo: strict` and `# lyo: ignore[CODE, CODE]`, in source order. What follows is for people.
pub(crate) fn directives(tokens: &Tokens, text: &str) -> Vec<Directive> {
    let mut found = Vec::new();
    for token in tokens.iter() {
        if token.kind() == TokenKind::Comment
            && let Some(kind) = text.get(token.range().start().into()..token.range().end().into()).and_then(directive)
        {
            found.push(Directive { range: token.range(), kind });
        }
    }
    found
}

fn directive(comment: &str) -> Option<DirectiveKind> {
    let rest = comment.trim_start_matches('#').trim_start().strip_prefix("lyo:")?.trim_start();
    if let Some(rest) = rest.strip_prefix("ignore[") {
        let codes = rest.split_once(']')?.0;
        let codes: Vec<String> =
            codes.split(',').map(|code| code.trim().to_owned()).filter(|code| !code.is_empty()).collect();
        return (!codes.is_empty()).then_some(DirectiveKind::Ignore(codes));
    }
    let word = rest.split(|c: char| !c.is_alphanumeric()).next()?;
    (word == "strict").then_some(DirectiveKind::Strict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_understood() {
        assert_eq!(directive("# lyo: strict"), Some(DirectiveKind::Strict));
        assert_eq!(directive("#lyo:strict, please"), Some(DirectiveKind::Strict));
        assert_eq!(directive("# lyo: strictly"), None);
        let codes = |codes: &[&str]| Some(DirectiveKind::Ignore(codes.iter().map(|code| (*code).to_owned()).collect()));
        assert_eq!(directive("# lyo: ignore[LYO101]"), codes(&["LYO101"]));
        assert_eq!(directive("# lyo: ignore[LYO101, LYO102]  as planned"), codes(&["LYO101", "LYO102"]));
        assert_eq!(directive("# lyo: ignore"), None);
        assert_eq!(directive("# lyo: ignore[]"), None);
        assert_eq!(directive("# says lyo: strict"), None);
    }
}
