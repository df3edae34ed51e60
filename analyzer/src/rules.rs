//! What each rule is about, in a few words.

use const_eval::reason::Rule;

/// A title for lists of rules; each has a page in `docs/rules/`.
pub fn title(rule: Rule) -> &'static str {
    match rule {
        Rule::UnknownCall => "call of something unknown",
        Rule::UnknownOperation => "operator on something unknown",
        Rule::UnknownIteration => "iteration over something unknown",
        Rule::UnknownAttribute => "attribute of something unknown",
        Rule::UnknownSubscript => "subscript of something unknown",
        Rule::UnknownContextManager => "`with` on something unknown",
        Rule::UnknownBase => "unknown base class, metaclass or class keyword",
        Rule::UnknownName => "name bound by a statement that runs at import",
        Rule::UnknownStarImport => "star import of unknown names",
        Rule::ForeignChange => "change of an object of another module",
        Rule::ProcessEffect => "input, output, or a change of the process",
        Rule::ImportInCall => "import from within a call",
        Rule::Nondeterministic => "result that differs between processes",
        Rule::Raises => "statement that raises, or may",
        Rule::ForeignContents => "contents of a mutable object of another module",
        Rule::ImportCycle => "use of a module of the same import cycle",
        Rule::Budget => "evaluation that takes too long",
        Rule::NotModelled => "construct that is not modelled",
        Rule::UnknownNamespace => "namespace that can't be known",
        Rule::DemandNotMet => "demand for strictness that is not met",
        Rule::Declared => "use of what is declared harmless",
        Rule::SyntaxError => "syntax error",
        Rule::Undecodable => "source that can't be decoded",
        Rule::Unreadable => "file or folder that can't be read",
        Rule::TooDeep => "source that is nested too deeply",
        Rule::Internal => "defect of Lyo",
    }
}
