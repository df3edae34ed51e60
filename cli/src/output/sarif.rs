//! Findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format").

use std::collections::BTreeMap;
use std::path::Path;

use analyzer::{Analysis, DiagnosticReport, Filter, LinkReport, Report, Severity, rule_title};
use serde_json::{Value, json};

use super::PathDisplay;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub fn render(analysis: &Analysis, report: &Report, filter: &Filter) -> Value {
    let paths = PathDisplay::new();
    let mut rules = BTreeMap::new();
    for module in analysis.requested() {
        for finding in filter.findings(module) {
            rules.insert(finding.rule.code(), rule_title(finding.rule));
        }
    }
    let mut results = Vec::new();
    for module in &report.modules {
        results.extend(module.diagnostics.iter().map(|finding| result(&paths, &module.path, finding)));
    }
    for finding in &report.diagnostics {
        results.push(json!({
            "ruleId": finding.code,
            "level": level(finding.severity),
            "message": {"text": finding.message},
            "locations": [{"physicalLocation": {"artifactLocation": artifact(&paths, &finding.path)}}],
        }));
    }
    let rules: Vec<Value> =
        rules.into_iter().map(|(code, title)| json!({"id": code, "shortDescription": {"text": title}})).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "lyo", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(paths: &PathDisplay, path: &str, finding: &DiagnosticReport) -> Value {
    let (start, end) = (finding.range.start, finding.range.end);
    let region = json!({
        "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
    });
    let location = json!({"physicalLocation": {"artifactLocation": artifact(paths, path), "region": region}});
    let mut result = json!({
        "ruleId": finding.code,
        "level": level(finding.severity),
        "message": {"text": finding.message},
        "locations": [location],
    });
    if !finding.chain.is_empty() {
        result["relatedLocations"] = finding.chain.iter().map(|link| related(paths, link)).collect();
    }
    result
}

fn related(paths: &PathDisplay, link: &LinkReport) -> Value {
    let region = json!({"startLine": link.line, "startColumn": link.column});
    json!({
        "message": {"text": link.message},
        "physicalLocation": {"artifactLocation": artifact(paths, &link.path), "region": region},
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// Below the current folder a path counts from the root of the sources; elsewhere it is absolute.
fn artifact(paths: &PathDisplay, path: &str) -> Value {
    match paths.relative(Path::new(path)) {
        Some(relative) => {
            json!({"uri": uri(&relative.to_string_lossy()), "uriBaseId": "%SRCROOT%"})
        }
        None => json!({"uri": format!("file://{}", uri(path))}),
    }
}

/// RFC 3986: everything but unreserved characters and slashes is written as bytes in hexadecimal.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            b'\\' => uri.push('/'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn uris_are_ascii() {
        assert_eq!(uri("a b/ü.py"), "a%20b/%C3%BC.py");
    }
}
