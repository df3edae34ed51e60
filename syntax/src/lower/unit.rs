//! A code under construction.

use ruff_text_size::TextRange;

use super::Lowerer;
use super::unwinding::Block;
use crate::body::{Body, Plain};
use crate::error::SyntaxError;
use crate::ir::{Code, CodeId, CodeKind, Constant, Instruction as I, Label, Name, Parameters};
use crate::names::NameId;
use crate::symbols::ScopeId;

/// A place in the code that jumps can name before it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(u32);

pub(super) struct Unit<'a> {
    pub(super) scope: ScopeId,
    pub(super) kind: CodeKind,
    pub(super) name: Name,
    pub(super) qualname: Name,
    /// `COMPILER_SCOPE_TYPEPARAMS`: qualified names pass over it.
    pub(super) hides_in_names: bool,
    range: TextRange,
    pub(super) parameters: Parameters,
    pub(super) docstring: Option<Constant>,
    pub(super) locals: Vec<NameId>,
    /// Slots of the temporaries of `match`.
    pub(super) temporaries: Vec<u32>,
    pub(super) temporaries_in_use: usize,
    pub(super) blocks: Vec<Block<'a>>,
    body: Plain,
    /// Where each mark stands.
    marks: Vec<u32>,
    /// Instructions that name a mark instead of an instruction.
    jumps: Vec<u32>,
}

impl<'a> Lowerer<'a> {
    pub(super) fn unit(&mut self) -> &mut Unit<'a> {
        let last = self.units.len() - 1;
        &mut self.units[last]
    }

    pub(super) fn current(&self) -> &Unit<'a> {
        &self.units[self.units.len() - 1]
    }

    pub(super) fn enter(&mut self, scope: ScopeId, kind: CodeKind, name: Name, range: TextRange) {
        let qualname = match self.units.last() {
            None => name.clone(),
            Some(_) => self.qualname(kind, &name),
        };
        let body = self.spare.pop().unwrap_or_default();
        self.units.push(Unit {
            scope,
            kind,
            name,
            qualname,
            hides_in_names: kind == CodeKind::TypeParameters,
            range,
            parameters: Parameters::default(),
            docstring: None,
            locals: Vec::new(),
            temporaries: Vec::new(),
            temporaries_in_use: 0,
            blocks: Vec::new(),
            body,
            marks: Vec::new(),
            jumps: Vec::new(),
        });
    }

    /// Finishes the innermost code and returns to the one around it.
    pub(super) fn leave(&mut self) -> CodeId {
        let id = CodeId(self.codes.len() as u32);
        let Some(mut unit) = self.units.pop() else { return id };
        for jump in unit.jumps {
            if let Some(instruction) = unit.body.instructions.get_mut(jump as usize)
                && let Some(label) = label_of(instruction)
            {
                *label = unit.marks.get(*label as usize).copied().unwrap_or(0);
            }
        }
        let body = match unit.kind {
            CodeKind::TopLevel | CodeKind::Class => Body::plain(unit.body.clone()),
            _ => Body::packed(&unit.body),
        };
        unit.body.instructions.clear();
        unit.body.ranges.clear();
        self.spare.push(unit.body);
        let top_level = unit.kind == CodeKind::TopLevel;
        let scope = self.table.scope(unit.scope);
        let name_of = |id: &NameId| self.names.get(*id).clone();
        self.codes.push(Code {
            kind: unit.kind,
            name: unit.name,
            qualname: unit.qualname,
            range: unit.range,
            parameters: unit.parameters,
            locals: unit.locals.iter().map(name_of).collect(),
            cells: scope.own_cells.iter().chain(&scope.free).map(name_of).collect(),
            own_cells: scope.own_cells.len() as u32,
            is_generator: scope.is_generator && !top_level,
            is_coroutine: scope.is_coroutine && !top_level,
            docstring: unit.docstring,
            body,
            read: Default::default(),
        });
        id
    }

    pub(super) fn emit(&mut self, instruction: I, range: TextRange) {
        if self.budget == 0 {
            if self.errors.is_empty() {
                self.errors.push(SyntaxError::too_deep("too many nested finally clauses", range));
            }
            return;
        }
        self.budget -= 1;
        let unit = self.unit();
        unit.body.instructions.push(instruction);
        unit.body.ranges.push(range);
    }

    pub(super) fn constant(&mut self, constant: Constant, range: TextRange) {
        self.emit(I::Constant(constant), range);
    }

    pub(super) fn mark(&mut self) -> Mark {
        let unit = self.unit();
        unit.marks.push(0);
        Mark(unit.marks.len() as u32 - 1)
    }

    /// The mark stands before the next instruction.
    pub(super) fn place(&mut self, mark: Mark) {
        let unit = self.unit();
        let here = unit.body.instructions.len() as u32;
        if let Some(position) = unit.marks.get_mut(mark.0 as usize) {
            *position = here;
        }
    }

    /// A mark at the next instruction.
    pub(super) fn here(&mut self) -> Mark {
        let mark = self.mark();
        self.place(mark);
        mark
    }

    pub(super) fn jump(&mut self, make: fn(Label) -> I, mark: Mark, range: TextRange) {
        let unit = self.unit();
        let position = unit.body.instructions.len() as u32;
        unit.jumps.push(position);
        self.emit(make(mark.0), range);
    }
}

fn label_of(instruction: &mut I) -> Option<&mut Label> {
    match instruction {
        I::Jump(label)
        | I::JumpIfFalse(label)
        | I::JumpIfTrue(label)
        | I::JumpIfFalseOrPop(label)
        | I::JumpIfTrueOrPop(label)
        | I::JumpIfNone(label)
        | I::ForIterator(label)
        | I::PushHandler(label)
        | I::PushWithHandler(label) => Some(label),
        _ => None,
    }
}
