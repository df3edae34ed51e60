//! A module's IR as text, for tests and for people.

use std::fmt::Write;

use rustc_hash::FxHashSet;

use crate::ir::{Code, CodeKind, Instruction, Module};

/// Every top-level statement with its instructions, then every nested code.
///
/// Jump targets are shown as `L` and the index of the instruction; an instruction that is a
/// target has a `>` before it. Locals and cells are shown by name.
pub fn disassemble(module: &Module) -> String {
    let mut text = String::new();
    for statement in &module.statements {
        let binds: Vec<&str> = statement.binds.iter().map(|name| &**name).collect();
        let _ = write!(text, "{:?}", statement.kind);
        if !binds.is_empty() {
            let _ = write!(text, " binds {}", binds.join(", "));
        }
        text.push('\n');
        instructions(&mut text, module, module.code(statement.code));
    }
    for (index, code) in module.codes.iter().enumerate() {
        if code.kind != CodeKind::TopLevel {
            header(&mut text, index, code);
            instructions(&mut text, module, code);
        }
    }
    text
}

fn header(text: &mut String, index: usize, code: &Code) {
    let _ = write!(text, "code {index} {:?} {}", code.kind, code.qualname);
    if code.is_generator {
        text.push_str(" generator");
    }
    if code.is_coroutine {
        text.push_str(" coroutine");
    }
    let names = |names: &[crate::ir::Name]| names.iter().map(|name| &**name).collect::<Vec<_>>().join(", ");
    let parameters = &code.parameters;
    if parameters.count() > 0 {
        let _ = write!(
            text,
            " parameters {}/{}/{}{}{}",
            parameters.positional_only,
            parameters.positional,
            parameters.keyword_only,
            if parameters.variadic { " *" } else { "" },
            if parameters.keyword_variadic { " **" } else { "" }
        );
    }
    if !code.locals.is_empty() {
        let _ = write!(text, " locals {}", names(&code.locals));
    }
    let (own, free) = code.cells.split_at((code.own_cells as usize).min(code.cells.len()));
    if !own.is_empty() {
        let _ = write!(text, " cells {}", names(own));
    }
    if !free.is_empty() {
        let _ = write!(text, " free {}", names(free));
    }
    if let Some(docstring) = &code.docstring {
        let _ = write!(text, " doc {docstring:?}");
    }
    text.push('\n');
}

/// The label of a jump or handler.
pub(crate) fn target(instruction: &Instruction) -> Option<u32> {
    match instruction {
        Instruction::Jump(label)
        | Instruction::JumpIfFalse(label)
        | Instruction::JumpIfTrue(label)
        | Instruction::JumpIfFalseOrPop(label)
        | Instruction::JumpIfTrueOrPop(label)
        | Instruction::JumpIfNone(label)
        | Instruction::ForIterator(label)
        | Instruction::PushHandler(label)
        | Instruction::PushWithHandler(label) => Some(*label),
        _ => None,
    }
}

fn instructions(text: &mut String, module: &Module, code: &Code) {
    let targets: FxHashSet<u32> = code.instructions().iter().filter_map(target).collect();
    for (index, instruction) in code.instructions().iter().enumerate() {
        let mark = if targets.contains(&(index as u32)) { '>' } else { ' ' };
        let _ = writeln!(text, " {mark}{index:3} {}", operation(module, code, instruction));
    }
}

fn operation(module: &Module, code: &Code, instruction: &Instruction) -> String {
    let local = |index: &u32| code.locals.get(*index as usize).map_or("?", |name| &**name);
    let cell = |index: &u32| code.cells.get(*index as usize).map_or("?", |name| &**name);
    let shown = format!("{instruction:?}");
    let name = shown.split(['(', ' ']).next().unwrap_or_default();
    match instruction {
        Instruction::LoadLocal(index) | Instruction::StoreLocal(index) | Instruction::DeleteLocal(index) => {
            format!("{name} {}", local(index))
        }
        Instruction::LoadCell(index)
        | Instruction::StoreCell(index)
        | Instruction::DeleteCell(index)
        | Instruction::LoadClassCell(index)
        | Instruction::LoadFromDictOrCell(index)
        | Instruction::LoadClosure(index) => format!("{name} {}", cell(index)),
        Instruction::Constant(constant) => format!("Constant {constant:?}"),
        Instruction::LoadName(value)
        | Instruction::StoreName(value)
        | Instruction::DeleteName(value)
        | Instruction::LoadGlobal(value)
        | Instruction::StoreGlobal(value)
        | Instruction::DeleteGlobal(value)
        | Instruction::LoadFromDictOrGlobals(value)
        | Instruction::LoadAttribute(value)
        | Instruction::StoreAttribute(value)
        | Instruction::DeleteAttribute(value)
        | Instruction::StoreAnnotation(value)
        | Instruction::ImportFrom(value) => format!("{name} {value}"),
        Instruction::Call { positional, keywords } if keywords.is_empty() => format!("Call {positional}"),
        Instruction::Call { positional, keywords } => {
            let keywords: Vec<&str> = keywords.iter().map(|name| &**name).collect();
            format!("Call {positional} {}", keywords.join(", "))
        }
        Instruction::MakeFunction { code, parts } => {
            let mut text = format!("MakeFunction {}", code.0);
            if let Some(code) = module.codes.get(code.0 as usize) {
                let _ = write!(text, " {}", code.qualname);
            }
            for (has, part) in [
                (parts.defaults, " defaults"),
                (parts.keyword_defaults, " keyword_defaults"),
                (parts.annotations, " annotations"),
                (parts.closure, " closure"),
            ] {
                if has {
                    text.push_str(part);
                }
            }
            text
        }
        _ => match target(instruction) {
            Some(label) => format!("{name} L{label}"),
            None => shown,
        },
    }
}
