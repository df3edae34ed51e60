//! What the client can do.

use lsp_types::ClientCapabilities;

/// Abilities that the server asks about, all false for a client that says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Client {
    /// It asks for diagnostics, so they need not be sent.
    pub pulls_diagnostics: bool,
    pub refreshes_diagnostics: bool,
    pub refreshes_inlay_hints: bool,
    pub refreshes_code_lenses: bool,
    pub related_information: bool,
    pub code_descriptions: bool,
    pub diagnostic_versions: bool,
    pub work_done_progress: bool,
    pub watches_files: bool,
    pub gives_configuration: bool,
    pub registers_configuration: bool,
    pub shows_documents: bool,
    pub code_action_literals: bool,
}

impl Client {
    pub fn new(capabilities: &ClientCapabilities) -> Client {
        let text = capabilities.text_document.as_ref();
        let workspace = capabilities.workspace.as_ref();
        let window = capabilities.window.as_ref();
        let publish = text.and_then(|text| text.publish_diagnostics.as_ref());
        let is = |ability: Option<bool>| ability.unwrap_or_default();
        Client {
            pulls_diagnostics: text.is_some_and(|text| text.diagnostic.is_some()),
            refreshes_diagnostics: is(workspace
                .and_then(|workspace| workspace.diagnostic.as_ref())
                .and_then(|diagnostic| diagnostic.refresh_support)),
            refreshes_inlay_hints: is(workspace
                .and_then(|workspace| workspace.inlay_hint.as_ref())
                .and_then(|hint| hint.refresh_support)),
            refreshes_code_lenses: is(workspace
                .and_then(|workspace| workspace.code_lens.as_ref())
                .and_then(|lens| lens.refresh_support)),
            // A client that pulls tells it in a place that these types don't know.
            related_information: is(publish.and_then(|publish| publish.related_information))
                || text.is_some_and(|text| text.diagnostic.is_some()),
            code_descriptions: is(publish.and_then(|publish| publish.code_description_support))
                || text.is_some_and(|text| text.diagnostic.is_some()),
            diagnostic_versions: is(publish.and_then(|publish| publish.version_support)),
            work_done_progress: is(window.and_then(|window| window.work_done_progress)),
            watches_files: is(workspace
                .and_then(|workspace| workspace.did_change_watched_files)
                .and_then(|watched| watched.dynamic_registration)),
            gives_configuration: is(workspace.and_then(|workspace| workspace.configuration)),
            registers_configuration: is(workspace
                .and_then(|workspace| workspace.did_change_configuration)
                .and_then(|change| change.dynamic_registration)),
            shows_documents: window.and_then(|window| window.show_document.as_ref()).is_some_and(|show| show.support),
            code_action_literals: text
                .and_then(|text| text.code_action.as_ref())
                .is_some_and(|action| action.code_action_literal_support.is_some()),
        }
    }
}
