//! Work-done progress for the first analysis of a root.

use std::collections::HashMap;

use lsp_server::{Message, Notification, Request, RequestId};
use lsp_types::notification::{self as notice, Notification as _};
use lsp_types::request::{self as asked, Request as _};
use lsp_types::{
    NumberOrString, ProgressParams, ProgressParamsValue, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressCreateParams, WorkDoneProgressEnd, WorkDoneProgressReport,
};

use crate::worker::Root;

/// Progress that the client is shown.
pub struct Reports {
    /// The client shows progress.
    is_wanted: bool,
    tokens: HashMap<Root, (NumberOrString, bool, u32)>,
}

impl Reports {
    pub fn new(is_wanted: bool) -> Reports {
        Reports { is_wanted, tokens: HashMap::new() }
    }

    /// The request to make room for a root's progress, when it is first heard of.
    pub fn begin(&mut self, root: &Root, last_id: &mut i32) -> Option<Request> {
        if !self.is_wanted || self.tokens.contains_key(root) {
            return None;
        }
        *last_id += 1;
        let token = NumberOrString::String(format!("lyo/{last_id}"));
        self.tokens.insert(root.clone(), (token.clone(), false, 0));
        let params = serde_json::to_value(WorkDoneProgressCreateParams { token }).unwrap_or_default();
        let method = asked::WorkDoneProgressCreate::METHOD.to_owned();
        Some(Request { id: RequestId::from(*last_id), method, params })
    }

    pub fn report(&mut self, root: &Root, done: usize, of: usize) -> Vec<Message> {
        let Some((token, has_begun, shown)) = self.tokens.get_mut(root) else { return Vec::new() };
        // Files are found while others are loaded, so the share may fall: it must not be seen to.
        let percentage = u32::try_from(100 * done / of.max(1)).unwrap_or(100).clamp(*shown, 100);
        *shown = percentage;
        let message = Some(format!("{done} of {of}"));
        let mut messages = Vec::new();
        if !std::mem::replace(has_begun, true) {
            let title = "Lyo: analysing".to_owned();
            let begin = WorkDoneProgressBegin { title, cancellable: Some(false), message: None, percentage: Some(0) };
            messages.push(progress(token, WorkDoneProgress::Begin(begin)));
        }
        let report = WorkDoneProgressReport { cancellable: Some(false), message, percentage: Some(percentage) };
        messages.push(progress(token, WorkDoneProgress::Report(report)));
        messages
    }

    pub fn end(&mut self, root: &Root) -> Option<Message> {
        let (token, has_begun, _) = self.tokens.remove(root)?;
        has_begun.then(|| progress(&token, WorkDoneProgress::End(WorkDoneProgressEnd { message: None })))
    }
}

fn progress(token: &NumberOrString, value: WorkDoneProgress) -> Message {
    let params = ProgressParams { token: token.clone(), value: ProgressParamsValue::WorkDone(value) };
    let params = serde_json::to_value(params).unwrap_or_default();
    Notification { method: notice::Progress::METHOD.to_owned(), params }.into()
}
