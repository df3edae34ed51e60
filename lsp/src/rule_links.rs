//! The rules' pages, for the links of diagnostics: they are laid into the user's cache folder, where an editor can open
//! them.

use std::collections::HashMap;

use lsp_types::{CodeDescription, Url};

use crate::uri;

/// Where the pages lie.
#[derive(Debug, Default)]
pub struct RuleLinks {
    known: HashMap<&'static str, Url>,
}

impl RuleLinks {
    /// Writes the pages that aren't there. One that can't be written has no link.
    pub fn lay_out() -> RuleLinks {
        let known = analyzer::RULE_PAGES.iter().filter_map(|(code, text)| {
            let path = analyzer::keep_page(&format!("{code}.md"), text)?;
            Some((*code, uri::of_path(&path)?))
        });
        RuleLinks { known: known.collect() }
    }

    pub fn link(&self, code: &str) -> Option<CodeDescription> {
        self.known.get(code).map(|href| CodeDescription { href: href.clone() })
    }
}
