//! Findings as workflow commands of GitHub Actions.

use std::fmt::Write;

use analyzer::{ModuleReport, Report, Severity};

use super::PathDisplay;

pub fn render(report: &Report) -> String {
    let paths = PathDisplay::new();
    let mut text = String::new();
    for module in &report.modules {
        for finding in &module.diagnostics {
            let (start, end) = (finding.range.start, finding.range.end);
            // Only findings within a line may have columns.
            let columns = if start.line == end.line {
                format!(",col={},endColumn={}", start.column, end.column)
            } else {
                String::new()
            };
            let place = format!(",line={},endLine={}{columns}", start.line, end.line);
            let message = format!("{}{}", finding.message, chain(module, finding));
            command(&mut text, finding.severity, &finding.code, &paths.show(module.path.as_ref()), &place, &message);
        }
    }
    for finding in &report.diagnostics {
        command(&mut text, finding.severity, &finding.code, &paths.show(finding.path.as_ref()), "", &finding.message);
    }
    text
}

fn chain(module: &ModuleReport, finding: &analyzer::DiagnosticReport) -> String {
    let mut text = String::new();
    for link in &finding.chain {
        if link.path != module.path || link.line != finding.range.start.line {
            // Writing to a string can't fail.
            write!(text, "\n{}:{}:{}: {}", link.path, link.line, link.column, link.message).ok();
        }
    }
    text
}

fn command(text: &mut String, severity: Severity, code: &str, path: &str, place: &str, message: &str) {
    let command = match severity {
        Severity::Info => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    writeln!(text, "::{command} title={code},file={}{place}::{}", property(path), data(message)).ok();
}

/// <https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts>: `escapeData`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// `escapeProperty` of the same file.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_a_field_is_escaped() {
        assert_eq!(data("50%\nmore"), "50%25%0Amore");
        assert_eq!(property("a,b:c"), "a%2Cb%3Ac");
    }
}
