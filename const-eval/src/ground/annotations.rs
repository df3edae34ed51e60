//! Merges the annotations into what the probe found.

use std::sync::Arc;

use super::lines::{self, Class, Statement};
use super::{CallClass, EntryKind, Export, Ground, GroundId, ImportEffect, ResultType};

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../ground/", $name, ".txt")))),*]
    };
}

/// The annotation files: name and text.
pub(super) const FILES: &[(&str, &str)] =
    files!["builtins", "classes", "collections", "files", "numbers", "process", "text", "threads"];

/// An annotation that names nothing in this interpreter: harmless, since other versions may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unmatched {
    pub file: &'static str,
    pub line: usize,
    /// `module.name` or `module.type.attribute`.
    pub name: String,
}

/// Merges all files. What they say about absent things is returned.
pub(super) fn apply(ground: &mut Ground) -> Vec<Unmatched> {
    let mut unmatched = Vec::new();
    for (file, text) in FILES {
        // A line that can't be read promises nothing, so what it was about stays unknown.
        let (lines, _) = lines::read(text);
        let mut merge = Merge { ground, file, module: "", types: Vec::new(), unmatched: &mut unmatched };
        for line in lines {
            merge.statement(line.number, line.statement);
        }
    }
    unmatched
}

struct Merge<'merge, 'text> {
    ground: &'merge mut Ground,
    file: &'static str,
    module: &'text str,
    /// The types whose block this is, with the names that lines have dealt with.
    types: Vec<GroundId>,
    unmatched: &'merge mut Vec<Unmatched>,
}

impl<'text> Merge<'_, 'text> {
    fn statement(&mut self, line: usize, statement: Statement<'text>) {
        if !matches!(statement, Statement::Attribute { .. }) {
            self.types.clear();
        }
        match statement {
            Statement::Module(name) => self.module = name,
            Statement::Import(effect) => {
                if let Some(module) = self.module_number(line) {
                    self.ground.modules[module].import_effect = match effect.split_once(' ') {
                        None if effect == "none" => ImportEffect::Nothing,
                        Some(("loads", names)) => {
                            ImportEffect::Loads(names.split_whitespace().map(Arc::from).collect())
                        }
                        _ => ImportEffect::Other(effect.into()),
                    };
                }
            }
            Statement::Reads(names) => {
                if let Some(module) = self.module_number(line) {
                    self.ground.modules[module].reads.extend(names.into_iter().map(Arc::from));
                }
            }
            Statement::Call { names, class } => {
                self.calls(line, &names, class, false);
            }
            Statement::Type { names, class } => self.types = self.calls(line, &names, class, true),
            Statement::Attribute { names, class } => self.attributes(line, &names, class),
            Statement::Inert(names) => self.inert(line, &names),
            Statement::Differs(names) => self.differs(line, &names, false),
            Statement::Maybe(names) => self.differs(line, &names, true),
        }
    }

    fn module_number(&mut self, line: usize) -> Option<usize> {
        let number = self.ground.module_index(self.module);
        if number.is_none() {
            self.missing(line, self.module.to_owned());
        }
        number.map(|number| number as usize)
    }

    fn missing(&mut self, line: usize, name: String) {
        self.unmatched.push(Unmatched { file: self.file, line, name });
    }

    fn calls(&mut self, line: usize, names: &[&str], class: Class<'_>, types: bool) -> Vec<GroundId> {
        let mut found = Vec::new();
        for name in names {
            let qualified = format!("{}.{}", self.module, name);
            match self.ground.find(&qualified) {
                Some(id) if !types || matches!(self.ground.entry(id).kind, EntryKind::Type(_)) => {
                    let call = self.class(line, class, Some(id).filter(|_| types));
                    self.ground.entries[id.0 as usize].call = call;
                    found.push(id);
                }
                _ => self.missing(line, qualified),
            }
        }
        found
    }

    fn inert(&mut self, line: usize, names: &[&str]) {
        for name in names {
            let qualified = format!("{}.{}", self.module, name);
            let found = self.ground.find(&qualified);
            match found.map(|GroundId(number)| &mut self.ground.entries[number as usize].kind) {
                Some(EntryKind::Type(info)) => info.inert = true,
                _ => self.missing(line, qualified),
            }
        }
    }

    fn attributes(&mut self, line: usize, names: &[&str], class: Class<'_>) {
        let call = self.class(line, class, None);
        for name in names {
            let mut seen = false;
            for &GroundId(number) in &self.types {
                let EntryKind::Type(info) = &mut self.ground.entries[number as usize].kind else {
                    continue;
                };
                if *name == "*" {
                    seen = true;
                    let undescribed = info.attributes.values_mut().filter(|it| it.call == CallClass::UNKNOWN);
                    undescribed.for_each(|attribute| attribute.call = call);
                } else if let Some(attribute) = info.attributes.get_mut(*name) {
                    seen = true;
                    attribute.call = call;
                }
            }
            if !seen {
                let owner = self.types.first().map_or("?".into(), |&id| self.ground.entry(id).qualified.clone());
                self.missing(line, format!("{owner}.{name}"));
            }
        }
    }

    fn differs(&mut self, line: usize, names: &[&str], insert: bool) {
        let Some(module) = self.module_number(line) else {
            return;
        };
        for name in names {
            let exports = &mut self.ground.modules[module].exports;
            let differs = match exports.get(*name) {
                _ if insert => Export::Maybe,
                Some(Export::Constant(_)) => Export::Varying,
                Some(_) => Export::Process,
                None => {
                    self.missing(line, format!("{}.{}", self.module, name));
                    continue;
                }
            };
            exports.insert(Arc::from(*name), differs);
        }
    }

    fn class(&mut self, line: usize, class: Class<'_>, own: Option<GroundId>) -> CallClass {
        let result = match class.result {
            lines::Result::None => ResultType::None,
            lines::Result::Same => ResultType::SameAsFirst,
            lines::Result::First => ResultType::First,
            lines::Result::Itself => own.map_or(ResultType::Unknown, ResultType::Exactly),
            lines::Result::Unknown => ResultType::Unknown,
            lines::Result::Type(name) => match self.result_type(name) {
                Some(id) => ResultType::Exactly(id),
                None => {
                    self.missing(line, name.to_owned());
                    ResultType::Unknown
                }
            },
        };
        CallClass { effect: class.effect, result }
    }

    fn result_type(&self, name: &str) -> Option<GroundId> {
        let found = if name.contains('.') {
            self.ground.find(name)
        } else {
            self.ground
                .find(&format!("builtins.{name}"))
                .or_else(|| self.ground.find(&format!("{}.{}", self.module, name)))
        };
        found.filter(|&id| matches!(self.ground.entry(id).kind, EntryKind::Type(_)))
    }
}
