//! Effects that are replayed, as the report tells them.

use const_eval::effect::{Change, Effect, Step};
use const_eval::evaluated::Outcome;
use const_eval::primitive;
use const_eval::value::Value;
use serde::Serialize;

use crate::{AnalysedModule, Analysis};

/// One effect of a module's top level on what lies outside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectReport {
    /// Where the top-level statement starts.
    pub line: u32,
    /// `set-attribute`, `delete-attribute`, `set-item`, `append`, `extend`, `insert`, `add`, `bind-module`, `import` or `call`.
    pub kind: &'static str,
    /// What is changed; of a call, the function. `null` for `bind-module` and `import`, which change `sys.modules`.
    pub target: Option<OperandReport>,
    /// The attribute's or module's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The place at which an item is inserted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// What it is given: the value or values; of `set-item`, key and value; of a call, the arguments.
    pub operands: Vec<OperandReport>,
    /// Names of the call's last arguments, where they have names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
}

/// A value that an effect speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OperandReport {
    /// An object that a path leads to, from a module's namespace; with an empty path, the module.
    Place { module: String, path: Vec<StepReport> },
    /// Immutable data, as its `repr`.
    Data { repr: String },
    /// A type implemented in C that no module holds, as `builtins.mappingproxy`.
    Type {
        #[serde(rename = "type")]
        name: String,
    },
    /// A value that the module makes and binds to no name.
    Made { made: &'static str },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepReport {
    /// The entry of the object's own dictionary, or its slot.
    Entry(String),
    /// The contents of a function's closure cell.
    Cell(u32),
    /// An item of a tuple.
    Item(u32),
    /// An attribute that C defines, as `__func__`.
    Member(&'static str),
}

/// The effects that a module's statements are replayed for, in order.
pub fn effects(analysis: &Analysis, module: AnalysedModule) -> Vec<EffectReport> {
    let count = module.ir().map_or(0, |ir| ir.statements.len());
    (0..count).flat_map(|statement| effects_of(analysis, module, statement)).collect()
}

/// The effects that one statement is replayed for, in order; the statement by its index.
pub fn effects_of(analysis: &Analysis, module: AnalysedModule, statement: usize) -> Vec<EffectReport> {
    let (Some(ir), Some(evaluated)) = (module.ir(), module.evaluated()) else {
        return Vec::new();
    };
    let (Some(place), Some(Outcome::Replayed(replay))) =
        (ir.statements.get(statement), evaluated.outcomes.get(statement))
    else {
        return Vec::new();
    };
    let line = module.positions(place.range).start.line;
    replay.effects.iter().map(|effect| report(analysis, line, effect)).collect()
}

fn report(analysis: &Analysis, line: u32, effect: &Effect) -> EffectReport {
    let change = &effect.change;
    let mut report = EffectReport {
        line,
        kind: "",
        target: change.target().map(|target| operand(analysis, target)),
        name: None,
        index: None,
        operands: change.operands().into_iter().map(|value| operand(analysis, value)).collect(),
        keywords: Vec::new(),
    };
    report.kind = match change {
        Change::SetAttribute { name, .. } => {
            report.name = Some(name.to_string());
            "set-attribute"
        }
        Change::DeleteAttribute { name, .. } => {
            report.name = Some(name.to_string());
            "delete-attribute"
        }
        Change::SetItem { .. } => "set-item",
        Change::Append { .. } => "append",
        Change::Extend { .. } => "extend",
        Change::Insert { index, .. } => {
            report.index = Some(*index);
            "insert"
        }
        Change::Add { .. } => "add",
        Change::BindModule { name, .. } => {
            report.name = Some(name.to_string());
            "bind-module"
        }
        Change::Import { module } => {
            report.name = Some(module.to_string());
            "import"
        }
        Change::Call { keywords, .. } => {
            report.keywords = keywords.iter().map(|(name, _)| name.to_string()).collect();
            "call"
        }
    };
    report
}

fn operand(analysis: &Analysis, value: &Value) -> OperandReport {
    let place = |module: &str, path| OperandReport::Place { module: module.to_owned(), path };
    match value {
        Value::Module(module) => place(analysis.module(*module).name(), Vec::new()),
        Value::GroundModule(index) => place(&analysis.ground().modules()[*index as usize].name, Vec::new()),
        Value::Ground(id) => {
            let ground = analysis.ground();
            let entry = ground.entry(*id);
            let first = entry.name.split('.').next().unwrap_or_default();
            let is_held = ground
                .module_index(&entry.module)
                .is_some_and(|index| ground.modules()[index as usize].exports.contains_key(first));
            if !is_held {
                return OperandReport::Type { name: entry.qualified.to_string() };
            }
            place(&entry.module, entry.name.split('.').map(|part| StepReport::Entry(part.to_owned())).collect())
        }
        Value::Object(object) => {
            let owner = analysis.module(object.owner);
            match owner.evaluated().and_then(|evaluated| evaluated.place(*object)) {
                Some(found) => place(owner.name(), found.steps.iter().map(step).collect()),
                None => OperandReport::Made { made: "object" },
            }
        }
        Value::Tuple(_) => match primitive::repr(value) {
            Ok(text) => OperandReport::Data { repr: text.to_string() },
            Err(_) => OperandReport::Made { made: "tuple" },
        },
        data => match primitive::repr(data) {
            Ok(text) => OperandReport::Data { repr: text.to_string() },
            Err(_) => OperandReport::Made { made: "object" },
        },
    }
}

fn step(step: &Step) -> StepReport {
    match step {
        Step::Entry(name) => StepReport::Entry(name.to_string()),
        Step::Cell(index) => StepReport::Cell(*index),
        Step::Item(index) => StepReport::Item(*index),
        Step::Member(name) => StepReport::Member(name),
    }
}
